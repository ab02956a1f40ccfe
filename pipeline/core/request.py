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

InsertContext = Callable[[JsonObject, str], tuple[str, JsonObject]]
"""Puts system text into a request's JSON; returns the path and the message that now holds it."""


class Request:
    """The texts of one request in document order."""

    def __init__(self, body: JsonObject, layout: Node, insert_context: InsertContext):
        self._body = body
        self._insert_context = insert_context
        self._message = _message_layout(layout)
        self._walk = Walk()
        self._walk.object(body, layout)
        self._texts = self._walk.texts
        self._added: list[Text] = []
        self._may_add = True

    def texts(self) -> Sequence[Text]:
        """Every text that may be rewritten."""
        return self._texts

    def fixed(self) -> Sequence[Fixed]:
        """Every string that may not: look, and raise `Rejected` if it must not go out."""
        return self._walk.fixed

    def opaque(self) -> Sequence[Opaque]:
        """What cannot be inspected at all; the pipeline's policy decides on it."""
        return self._walk.opaque

    def add_context(self, text: str) -> None:
        """Put system text into the request, where its protocol wants it.

        The plugins before this one will see it too, each once.
        """
        if not self._may_add:
            raise Rejected("context was added while added context was worked on; add it once")
        path, message = self._insert_context(self._body, text)
        walk = Walk()
        walk.message(message, self._message, path)
        self._added += walk.texts
        self._texts = [*walk.texts, *self._texts]

    def take_added(self) -> "Request | None":
        """A view of only the texts added since the last call, or None. For the runner."""
        if not self._added:
            return None
        view = object.__new__(Request)
        view._body = self._body
        view._insert_context = self._insert_context
        view._message = self._message
        view._walk = Walk()
        view._texts = self._added
        view._added = []
        view._may_add = False
        self._added = []
        return view

    def finish(self) -> JsonObject:
        """The request's JSON with every change written into it. For the runner."""
        changed = [text for text in self._texts if text.changed]
        # Keys last: a value is found by its old key.
        for text in sorted(changed, key=lambda one: one.kind == "key"):
            text.write()
        for embedded in self._walk.embedded:
            embedded.write()
        return self._body


def _message_layout(layout: Node) -> Node:
    return next(
        (node.items for node in layout.fields.values() if node.turns and node.items), UNKNOWN
    )
