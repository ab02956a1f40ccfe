"""Where the text is in a Chat Completions request.

Source: the types of the `openai` package, which the tests hold this table against, and what other
servers and gateways add. Anything that is not here is scanned as text.
"""

from pipeline.core.layout import (
    FREE,
    IDENTITY,
    JSON,
    MAYBE_JSON,
    NAME,
    SCHEMA,
    SETTING,
    TEXT,
    TEXTS,
    Node,
    one_of,
    opaque,
)

_CACHE = Node(fields={"type": one_of("ephemeral"), "ttl": one_of("5m", "1h")})
_BREAKPOINT = Node(fields={"mode": one_of("implicit", "explicit"), "ttl": one_of("30m", "12h")})
_AUDIO = one_of("wav", "mp3", "flac", "opus", "pcm16", "aac")


def _linked(name: str) -> Node:
    """A part of a message that only links to its content, by a string or an object."""
    link = opaque(name, link=True)
    return Node(string="opaque", opaque=name, link=True, fields={"url": link, "format": _AUDIO})


_PART = Node(
    fields={
        "type": one_of(
            *("text", "image_url", "input_audio", "file", "refusal"),
            *("image", "video_url", "audio_url", "thinking"),
        ),
        "text": TEXT,
        "refusal": TEXT,
        "image_url": Node(
            string="opaque",
            opaque="images",
            link=True,
            fields={
                "url": opaque("images", link=True),
                "detail": one_of("auto", "low", "high", "original"),
            },
        ),
        "input_audio": Node(fields={"data": opaque("audio"), "format": _AUDIO}),
        "file": Node(
            fields={"file_data": opaque("files"), "file_id": opaque("files"), "filename": TEXT}
        ),
        "video_url": _linked("videos"),
        "audio_url": _linked("audio"),
        "source": Node(
            fields={
                "type": one_of("base64", "url"),
                "media_type": NAME,
                "data": opaque("images"),
                "url": opaque("images", link=True),
            }
        ),
        "cache_control": _CACHE,
        "prompt_cache_breakpoint": _BREAKPOINT,
    }
)
_PARTS = Node(items=_PART)

_FUNCTION_CALL = Node(fields={"name": NAME, "arguments": JSON})
_TOOL_CALL = Node(
    fields={
        "id": NAME,
        "type": one_of("function", "custom"),
        "index": SETTING,
        "function": _FUNCTION_CALL,
        "custom": Node(fields={"name": NAME, "input": MAYBE_JSON}),
    }
)
_ROLES = one_of("system", "developer", "user", "assistant", "tool", "function")
_MESSAGE = Node(
    fields={
        "role": _ROLES,
        "content": _PARTS,
        "name": TEXT,
        "refusal": TEXT,
        "tool_calls": Node(items=_TOOL_CALL),
        "tool_call_id": NAME,
        "function_call": _FUNCTION_CALL,
        "audio": Node(fields={"id": opaque("audio")}),
        "reasoning_content": TEXT,
        "reasoning": TEXT,
        "cache_control": _CACHE,
    }
)
_RESULT = Node(
    fields={**_MESSAGE.fields, "content": Node(string="maybe_json", items=_PART), "name": NAME}
)

_FUNCTION = Node(
    fields={"name": NAME, "description": TEXT, "parameters": SCHEMA, "strict": SETTING}
)
_FORMAT = Node(
    fields={
        "type": one_of("text", "grammar"),
        "grammar": Node(fields={"syntax": one_of("lark", "regex"), "definition": TEXT}),
    }
)
_TOOL = Node(
    fields={
        "type": one_of("function", "custom"),
        "function": _FUNCTION,
        "custom": Node(fields={"name": NAME, "description": TEXT, "format": _FORMAT}),
        "cache_control": _CACHE,
    }
)
_NAMED = Node(fields={"name": NAME})
_CHOICES = one_of("none", "auto", "required", "any")
_TOOL_CHOICE = Node(
    string="name",
    values=_CHOICES.values,
    fields={
        "type": one_of("function", "custom", "allowed_tools"),
        "function": _NAMED,
        "custom": _NAMED,
        "allowed_tools": Node(
            fields={
                "mode": _CHOICES,
                "tools": Node(
                    items=Node(
                        fields={
                            "type": one_of("function", "custom"),
                            "function": _NAMED,
                            "custom": _NAMED,
                            "name": NAME,
                        }
                    )
                ),
            }
        ),
    },
)
_POLICY = Node(fields={"mode": one_of("score", "block")})
_VOICES = one_of(
    *"alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split()
)
_PLACE = Node(fields={"city": TEXT, "country": TEXT, "region": TEXT, "timezone": TEXT})

LAYOUT = Node(
    fields={
        "messages": Node(
            items=Node(
                fields=_MESSAGE.fields,
                roles={"tool": _RESULT, "function": _RESULT},
            ),
            turns=True,
        ),
        "model": NAME,
        "tools": Node(items=_TOOL),
        "tool_choice": _TOOL_CHOICE,
        "functions": Node(items=_FUNCTION),
        "function_call": Node(string="name", values=_CHOICES.values, fields={"name": NAME}),
        "response_format": Node(
            fields={
                "type": one_of("text", "json_object", "json_schema"),
                "json_schema": Node(
                    fields={
                        "name": NAME,
                        "description": TEXT,
                        "schema": SCHEMA,
                        "strict": SETTING,
                    }
                ),
            }
        ),
        "prediction": Node(fields={"type": one_of("content"), "content": _PARTS}),
        "stop": TEXTS,
        "metadata": FREE,
        "user": IDENTITY,
        "safety_identifier": IDENTITY,
        "prompt_cache_key": IDENTITY,
        "prompt_cache_retention": one_of("in-memory", "in_memory", "24h"),
        "prompt_cache_options": _BREAKPOINT,
        "web_search_options": Node(
            fields={
                "search_context_size": one_of("low", "medium", "high"),
                "user_location": Node(
                    fields={"type": one_of("approximate"), "approximate": _PLACE}
                ),
            }
        ),
        "audio": Node(
            fields={
                "format": _AUDIO,
                "voice": Node(string="name", values=_VOICES.values, fields={"id": NAME}),
            }
        ),
        "modalities": Node(items=one_of("text", "audio")),
        "moderation": Node(
            fields={"model": NAME, "policy": Node(fields={"input": _POLICY, "output": _POLICY})}
        ),
        "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        "verbosity": one_of("low", "medium", "high"),
        "service_tier": one_of("auto", "default", "flex", "scale", "priority", "fast"),
        "stream_options": Node(fields={"include_usage": SETTING, "include_obfuscation": SETTING}),
        "logit_bias": SETTING,
        **dict.fromkeys(
            (
                "frequency_penalty",
                "logprobs",
                "max_completion_tokens",
                "max_tokens",
                "n",
                "parallel_tool_calls",
                "presence_penalty",
                "seed",
                "store",
                "stream",
                "temperature",
                "top_logprobs",
                "top_p",
            ),
            SETTING,
        ),
    }
)
