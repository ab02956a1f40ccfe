"""What a backend says when it refuses a request, which is read alike in all dialects."""

from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import decode
from pipeline.dialects.strings import once


def refusal(event: Event) -> Frame:
    """An error's body as a frame; each of its strings is a text of its own.

    Raises UpstreamFailed if it is no JSON object.
    """
    try:
        data = decode(event.data)
    except ValueError:
        raise UpstreamFailed("the backend refused the request, not in JSON") from None
    if not isinstance(data, dict):
        raise UpstreamFailed("the backend refused the request, not with a JSON object")
    return Frame(data, pieces=list(once(data)), whole=True, end="error")
