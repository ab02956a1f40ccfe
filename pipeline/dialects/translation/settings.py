"""What an OpenAI chat asks for besides its messages and tools, as far as it is the same for all
protocols that it is translated to.
"""

from collections.abc import Mapping
from typing import Literal

from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.dialects.translation.members import Members, not_carried, record, string, wrong

_CACHE = "what a cache does changes what a request costs, not what is said"

HARMLESS: Mapping[str, str] = {
    "store": "it is about what OpenAI keeps; here nothing is kept",
    "metadata": "it labels what OpenAI keeps",
    "prompt_cache_key": _CACHE,
    "prompt_cache_retention": _CACHE,
    "prompt_cache_options": _CACHE,
}
"""Members that may be left out, and why."""

NEUTRAL: Mapping[str, tuple[Json, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "functions": ([],),
}
"""Members that may be left out if they have a value that asks for nothing."""

_STREAM_OPTIONS = Members(
    frozenset({"include_usage"}),
    harmless={"include_obfuscation": "it pads events, for whoever listens to OpenAI's wire"},
)
_FORMAT = Members(frozenset({"type"}))
_SCHEMA_FORMAT = Members(frozenset({"type", "json_schema"}))
_SCHEMA = Members(
    frozenset({"schema", "description"}),
    harmless={
        "name": "a label of the schema, which no model needs",
        "strict": "other protocols that take a schema always keep to it",
    },
)


def check_stream_options(body: JsonObject, target: str) -> None:
    """Refuse options of a stream that the reply's translator does not know."""
    if (options := body.get("stream_options")) is not None:
        _STREAM_OPTIONS.check(record(options, "stream_options"), "stream_options", target)


def most_tokens(body: JsonObject, target: str) -> Json:
    """How many tokens the reply may have; the newer name of it goes before the older one."""
    new, old = body.get("max_completion_tokens"), body.get("max_tokens")
    if new is not None and old is not None and new != old:
        raise not_carried("max_tokens", target, "give it or `max_completion_tokens`")
    most, name = (new, "max_completion_tokens") if new is not None else (old, "max_tokens")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool)):
        raise wrong(name, "an integer")
    return most


def stops(body: JsonObject) -> Json:
    """The texts that end the reply, as a list; None if there are none."""
    stop = body.get("stop")
    if not isinstance(stop, list):
        return None if stop is None else [string(stop, "stop")]
    return [string(one, f"stop[{index}]") for index, one in enumerate(stop)] or None


def reply_schema(body: JsonObject, target: str) -> JsonObject | Literal["json"] | None:
    """The JSON schema that the reply is to follow; `json` for any JSON, None for plain text."""
    if (wanted := body.get("response_format")) is None:
        return None
    wanted = record(wanted, "response_format")
    match wanted.get("type"):
        case "text":
            _FORMAT.check(wanted, "response_format", target)
            return None
        case "json_object":
            _FORMAT.check(wanted, "response_format", target)
            return "json"
        case "json_schema":
            _SCHEMA_FORMAT.check(wanted, "response_format", target)
        case _:
            raise not_carried("response_format.type", target)
    path = "response_format.json_schema"
    named = record(wanted.get("json_schema"), path)
    _SCHEMA.check(named, path, target)
    schema = record(named.get("schema"), f"{path}.schema")
    described = named.get("description")
    if described is None or described == schema.get("description"):
        return schema
    if "description" in schema:
        raise not_carried(f"{path}.description", target, "put it into the schema")
    return {"description": string(described, f"{path}.description"), **schema}
