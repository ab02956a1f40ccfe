"""A request as plugins see it: its texts, and not its JSON.

What plugins assign is written into the client's JSON when the request is finished, so that all that
nobody touched stays as it was sent.
"""

from collections.abc import Callable, Sequence

from pipeline.core.errors import Rejected
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.layout import UNKNOWN, Node
from pipeline.core.texts import Fixed, Opaque, Text
from pipeline.core.walk import Walk

InsertContext = Callable[[JsonObject, str], tuple[str, JsonObject] | None]
"""Puts system text into a request's JSON; returns the path and the message that now holds it, or
None where the protocol has no place for it.
"""


class Request:
    """The texts of one request in document order."""

    def __init__(self, body: JsonObject, layout: Node, insert_context: InsertContext):
        self._body = body
        self._layout = layout
        self._insert_context = insert_context
        self._walk = Walk()
        self._walk.object(body, layout)
        self._added: Walk | None = None
        self._may_add = True

    def texts(self) -> Sequence[Text]:
        """Every text that may be rewritten."""
        return self._walk.texts

    def fixed(self) -> Sequence[Fixed]:
        """Every string that may not: look, and raise `Rejected` if it must not go out."""
        return self._walk.fixed

    def opaque(self) -> Sequence[Opaque]:
        """What cannot be inspected at all; the pipeline's policy decides on it."""
        return self._walk.opaque

    def add_context(self, text: str) -> None:
        """Put system text into the request, where its protocol wants it.

        The plugins before this one will see it too, each once. What is no conversation, such as
        texts to embed, stays as it is.
        """
        if not self._may_add:
            raise Rejected("context was added while added context was worked on; add it once")
        inserted = self._insert_context(self._body, text)
        if inserted is None:
            return
        path, message = inserted
        added = Walk()
        added.message(message, _message_layout(self._layout), path)
        self._walk = added + self._walk
        self._added = added + self._added if self._added else added

    def take_added(self) -> "Request | None":
        """A view of only what was added since the last call, or None. For the runner."""
        if self._added is None:
            return None
        view = object.__new__(Request)
        view._body = self._body
        view._layout = self._layout
        view._insert_context = self._insert_context
        view._walk = self._added
        view._added = None
        view._may_add = False
        self._added = None
        return view

    def drop(self, opaque: Sequence[Opaque]) -> None:
        """Take content out, before any plugin has seen the request. For the runner."""
        # Last first, so that positions in arrays stay right.
        for one in reversed(opaque):
            one.drop()
        if opaque:
            self._walk = Walk()
            self._walk.object(self._body, self._layout)

    def finish(self) -> JsonObject:
        """The request's JSON with every change written into it. For the runner."""
        for text in self._walk.texts:
            if text.changed:
                text.write()
        # Keys last: a value is found by its old key.
        for place in (*self._walk.embedded, *self._walk.keys):
            place.write()
        return self._body


def _message_layout(layout: Node) -> Node:
    return next(
        (node.items for node in layout.fields.values() if node.turns and node.items), UNKNOWN
    )
