"""What a plugin or backend author imports."""

from pipeline.core.backend import Backend, Call, Reply, Streams, Upstream
from pipeline.core.catalog import Tokens
from pipeline.core.errors import PrivetError, Rejected, Unavailable, UpstreamFailed, UpstreamTimeout
from pipeline.core.exchange import Exchange
from pipeline.core.filters import ReplaceTokens, Scanner, Segments, Taken, Whole
from pipeline.core.frames import Event
from pipeline.core.plugin import Channel, Maybe, Plugin, Step, TextFilter
from pipeline.core.request import Request
from pipeline.core.start import Start
from pipeline.core.texts import Fixed, Text

__all__ = [
    "Backend",
    "Call",
    "Channel",
    "Event",
    "Exchange",
    "Fixed",
    "Maybe",
    "Plugin",
    "PrivetError",
    "Rejected",
    "ReplaceTokens",
    "Reply",
    "Request",
    "Scanner",
    "Segments",
    "Start",
    "Step",
    "Streams",
    "Taken",
    "Text",
    "TextFilter",
    "Tokens",
    "Unavailable",
    "Upstream",
    "UpstreamFailed",
    "UpstreamTimeout",
    "Whole",
]
