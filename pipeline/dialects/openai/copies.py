"""What of a reply repeats a channel's text in another form, or counts its characters."""

from collections.abc import Iterator

from pipeline.core.frames import Copy
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel

COPIES = ("logprobs", "token_ids")
"""The members of a choice that repeat its text."""


def copies(choice: JsonObject, said: str, content: Channel) -> Iterator[Copy]:
    """The copies in a choice of the text of `content`, or of its refusal; `said` is the member that
    holds the message.
    """
    for name in COPIES:
        copy = choice.get(name)
        if isinstance(copy, dict):
            for key in copy:
                channel = Channel("refusal", content.choice) if key == "refusal" else content
                yield Copy(channel, copy, key)
        elif copy is not None:
            yield Copy(content, choice, name)
    message = choice.get(said)
    annotations = message.get("annotations") if isinstance(message, dict) else None
    for annotation in annotations if isinstance(annotations, list) else ():
        citation = annotation.get("url_citation") if isinstance(annotation, dict) else None
        for key in ("start_index", "end_index") if isinstance(citation, dict) else ():
            if isinstance(citation, dict) and key in citation:
                yield Copy(content, citation, key)
