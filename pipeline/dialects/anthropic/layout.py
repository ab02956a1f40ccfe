"""Where the text is in a Messages request.

Source: the types of the `anthropic` package, its beta ones included, which the tests hold this
table against. Anything that is not here is scanned as text.
"""

from pipeline.core.layout import IDENTITY, NAME, SCHEMA, SETTING, TEXT, TEXTS, Node, one_of, opaque
from pipeline.dialects.anthropic.blocks import BLOCK, CACHE
from pipeline.dialects.anthropic.tools import TOOL

CONTEXT = "privet_context"
"""Marks a message that a plugin added, which goes out as system text."""

_CREDENTIAL = opaque("credentials")
_TYPED = Node(fields={"type": NAME})
_MESSAGE = Node(
    fields={
        "role": one_of("user", "assistant", "system"),
        "content": Node(items=BLOCK),
        "clear_at": one_of("next_user_message", "never"),
        "output_config": Node(fields={"effort": NAME}),
        CONTEXT: SETTING,
    }
)
_THINKING = Node(
    fields={
        "type": one_of("enabled", "disabled", "adaptive", "between_tools"),
        "display": one_of("summarized", "omitted", "updates"),
        "budget_tokens": SETTING,
        "block_binding": Node(fields={"prefix_mismatch_behavior": one_of("error", "drop_block")}),
    }
)
_FORMAT = Node(fields={"type": one_of("json_schema"), "schema": SCHEMA})
_OUTPUT = Node(
    fields={
        "effort": one_of("low", "medium", "high", "xhigh", "max"),
        "format": _FORMAT,
        "task_budget": Node(
            fields={"type": one_of("tokens"), "total": SETTING, "remaining": SETTING}
        ),
    }
)
_SPEED = one_of("standard", "fast")
_EDIT = Node(
    fields={
        "type": NAME,
        "clear_at_least": Node(fields={"type": NAME, "value": SETTING}),
        "clear_tool_inputs": NAME,
        "exclude_tools": NAME,
        "keep": Node(string="name", values=frozenset({"all"}), fields=_TYPED.fields),
        "trigger": Node(fields={"type": NAME, "value": SETTING}),
        "instructions": TEXT,
    }
)

LAYOUT = Node(
    fields={
        "messages": Node(items=_MESSAGE, turns=True),
        "system": Node(items=BLOCK, role="system"),
        "model": NAME,
        "tools": Node(items=TOOL),
        "tool_choice": Node(fields={"type": one_of("auto", "any", "tool", "none"), "name": NAME}),
        "metadata": Node(free=True, fields={"user_id": IDENTITY}),
        "stop_sequences": TEXTS,
        "cache_control": CACHE,
        "thinking": _THINKING,
        "output_config": _OUTPUT,
        "output_format": _FORMAT,
        "service_tier": one_of("auto", "standard_only"),
        "speed": _SPEED,
        "inference_geo": NAME,
        "container": Node(
            string="name",
            fields={
                "id": NAME,
                "skills": Node(
                    items=Node(
                        fields={
                            "skill_id": NAME,
                            "type": one_of("anthropic", "custom"),
                            "version": NAME,
                        }
                    )
                ),
            },
        ),
        "diagnostics": Node(fields={"previous_message_id": NAME}),
        "user_profile_id": NAME,
        "workspace_id": NAME,
        "betas": NAME,
        "billing_policy": Node(fields={"type": NAME, "bill_to": one_of("self", "user_profile")}),
        "compaction": Node(fields={"type": one_of("summarize"), "instructions": TEXT}),
        "context_management": Node(fields={"edits": Node(items=_EDIT)}),
        "fallback_credit_token": Node(
            string="opaque",
            opaque="credentials",
            fields={"token": _CREDENTIAL, "mode": one_of("strict", "best_effort")},
        ),
        "fallbacks": Node(
            string="name",
            values=frozenset({"default"}),
            items=Node(
                fields={
                    "model": NAME,
                    "output_config": _OUTPUT,
                    "speed": _SPEED,
                    "thinking": _THINKING,
                    "max_tokens": SETTING,
                }
            ),
        ),
        "mcp_servers": Node(
            items=Node(
                fields={
                    "name": NAME,
                    "type": one_of("url"),
                    "url": NAME,
                    "authorization_token": _CREDENTIAL,
                    "tool_configuration": Node(fields={"allowed_tools": NAME}),
                }
            )
        ),
        "thread": Node(fields={"type": one_of("create", "continue"), "previous_message_id": NAME}),
        **dict.fromkeys(("max_tokens", "stream", "temperature", "top_k", "top_p"), SETTING),
    }
)
