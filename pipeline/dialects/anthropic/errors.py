"""How an error is told to Anthropic's clients."""

from collections.abc import Mapping

from pipeline.core.jsonvalue import JsonObject

_KINDS: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def kind_of(status: int) -> str:
    """What Anthropic calls an error of this HTTP status."""
    return _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")


def error_body(kind: str, message: str) -> JsonObject:
    """An error's body, and its event in a stream."""
    return {"type": "error", "error": {"type": kind, "message": message}}
