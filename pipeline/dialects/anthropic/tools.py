"""Where the text is in a tool's definition, and in what refers to one."""

from pipeline.core.layout import FREE, NAME, SCHEMA, SETTING, TEXT, Node, one_of

CACHE = Node(fields={"type": one_of("ephemeral"), "ttl": one_of("5m", "1h")})
TYPED = Node(fields={"type": NAME})

LISTED = Node(fields={"name": NAME, "description": TEXT, "input_schema": SCHEMA})
"""A tool as an MCP server lists it."""

_NAMED = Node(items=Node(fields={"name": NAME, "type": NAME}))
_SOURCES = Node(fields={"type": NAME, "tools": _NAMED})
_PLACE = Node(
    fields={
        "type": one_of("approximate"),
        "city": TEXT,
        "country": TEXT,
        "region": TEXT,
        "timezone": TEXT,
    }
)

TOOL = Node(
    fields={
        "type": NAME,
        "name": NAME,
        "description": TEXT,
        "input_schema": SCHEMA,
        "input_examples": Node(items=FREE),
        "allowed_callers": NAME,
        "allowed_domains": NAME,
        "blocked_domains": NAME,
        "cache_control": CACHE,
        "caching": CACHE,
        "user_location": _PLACE,
        "url_sources": Node(
            fields={
                "client_tool_results": _SOURCES,
                "server_tool_results": _SOURCES,
                "user_input": TYPED,
            }
        ),
        "response_inclusion": one_of("full", "excluded"),
        "model": NAME,
        "mcp_server_name": NAME,
        "tools": Node(items=LISTED),
        **dict.fromkeys(
            """defer_loading display_height_px display_number display_width_px enable_zoom
            max_characters max_content_tokens max_tokens max_uses strict use_cache""".split(),
            SETTING,
        ),
    }
)

REFERENCE = Node(fields={"type": NAME, "name": NAME, "server_name": NAME, "definition": TOOL})
"""What a change of the tools, in the middle of a conversation, is about."""
