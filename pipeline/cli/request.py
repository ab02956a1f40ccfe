"""From a text to a request."""

from pipeline.core.jsonvalue import JsonObject, decode
from pipeline.setup.config import Config


def request_of(text: str, model: str) -> JsonObject:
    """The request that a user means by a text: the text as JSON, or with the text as message."""
    try:
        value = decode(text.encode())
    except ValueError:
        value = None
    if isinstance(value, dict) and "messages" in value:
        return {"model": model, **value}
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def first_model(config: Config) -> str:
    """A name that leads somewhere: the first of `[models]`, with its `*` left out."""
    return next(iter(config.models)).replace("*", "") or "default"
