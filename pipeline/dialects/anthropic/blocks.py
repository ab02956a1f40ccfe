"""Where the text is in a content block.

Blocks of all kinds share one table, because most of their members mean the same in each; the few
that do not are told apart by `type`. A member of a kind that nobody knows is held to be what can
be inspected least.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from pipeline.core.layout import FREE, NAME, SETTING, TEXT, TEXTS, Node, one_of, opaque
from pipeline.dialects.anthropic.tools import CACHE, LISTED, REFERENCE

_ENCRYPTED = opaque("encrypted")
_KINDS = one_of(
    *"""text image document search_result thinking redacted_thinking compaction fallback
    tool_use tool_result server_tool_use mcp_tool_use mcp_tool_result mcp_tool_listing
    tool_reference tool_addition tool_removal container_upload browser_state
    web_search_result web_search_tool_result web_search_tool_result_error
    web_fetch_result web_fetch_tool_result web_fetch_tool_result_error
    advisor_result advisor_redacted_result advisor_tool_result advisor_tool_result_error
    code_execution_output code_execution_result encrypted_code_execution_result
    code_execution_tool_result code_execution_tool_result_error
    bash_code_execution_output bash_code_execution_result bash_code_execution_tool_result
    bash_code_execution_tool_result_error text_editor_code_execution_tool_result
    text_editor_code_execution_tool_result_error text_editor_code_execution_create_result
    text_editor_code_execution_str_replace_result text_editor_code_execution_view_result
    tool_search_tool_result tool_search_tool_result_error tool_search_tool_search_result""".split()
)
_RESULTS = frozenset(one for one in _KINDS.values if one.endswith("_tool_result"))
"""Blocks that hold what a tool of the provider's gave."""

_CITATION = Node(
    fields={
        "type": NAME,
        "cited_text": TEXT,
        "document_title": TEXT,
        "title": TEXT,
        "url": TEXT,
        "source": TEXT,
        "file_id": NAME,
        "encrypted_index": _ENCRYPTED,
        **dict.fromkeys(
            """document_index start_char_index end_char_index start_page_number end_page_number
            start_block_index end_block_index search_result_index""".split(),
            SETTING,
        ),
    }
)


def _source(name: str, content: Node) -> Node:
    """Where a block's content comes from; `name` is what it is when nobody can look into it."""
    return Node(
        fields={
            "type": one_of("base64", "url", "file", "text", "content"),
            "media_type": NAME,
            "data": opaque(name),
            "url": opaque(name, link=True),
            "file_id": opaque("files"),
            "content": content,
        }
    )


def _document(content: Node) -> Node:
    source = _source("files", content)
    return replace(source, types={"text": _with(source, data=TEXT)})


def _with(node: Node, **fields: Node) -> Node:
    return replace(node, fields={**node.fields, **fields})


def _block(inside: Node) -> Node:
    """A block whose content is `inside`: a string, a list of blocks, or what a tool gave."""
    block = Node(
        fields={
            "type": _KINDS,
            "text": TEXT,
            "thinking": TEXT,
            "signature": _ENCRYPTED,
            "data": _ENCRYPTED,
            "encrypted_content": _ENCRYPTED,
            "encrypted_stdout": _ENCRYPTED,
            "id": NAME,
            "name": NAME,
            "input": FREE,
            "caller": Node(fields={"type": NAME, "tool_id": NAME}),
            "cache_control": CACHE,
            "citations": Node(items=_CITATION, fields={"enabled": SETTING}),
            "source": _document(inside),
            "transformations": Node(fields={"oversized_image": one_of("downsize", "error")}),
            "title": TEXT,
            "context": TEXT,
            "url": TEXT,
            "page_age": TEXT,
            "retrieved_at": TEXT,
            "content": inside,
            "file_id": opaque("files"),
            "file_type": one_of("text", "image", "pdf"),
            "stdout": TEXT,
            "stderr": TEXT,
            "lines": TEXTS,
            "error_message": TEXT,
            "tabs": Node(items=_TAB),
            "state_changes": Node(items=_TAB),
            "tool_changes": Node(items=_CHANGE),
            "tool_references": Node(items=_CHANGE),
            "tool": REFERENCE,
            "tools": Node(items=LISTED),
            "from": _MODEL,
            "to": _MODEL,
            "trigger": Node(fields={"type": NAME, "category": NAME}),
            **_NAMES,
            **_SETTINGS,
        }
    )
    given = replace(inside, role="tool")
    return replace(
        block,
        types={
            **dict.fromkeys(_RESULTS, _with(block, content=given)),
            "image": _with(block, source=_source("images", inside)),
            "search_result": _with(block, source=TEXT),
            "tool_result": _with(block, content=replace(given, string="maybe_json")),
        },
    )


_MODEL = Node(fields={"model": NAME})
_TAB = Node(
    fields={
        "type": NAME,
        "tab_id": NAME,
        "download_id": NAME,
        "title": TEXT,
        "url": TEXT,
        "path": TEXT,
        "error": TEXT,
    }
)
_CHANGE = Node(fields={"type": NAME, "tool_name": NAME, "tool": REFERENCE, "cache_control": CACHE})
_NAMES: Mapping[str, Node] = dict.fromkeys(
    """error_code mcp_server_name server_name stop_reason tool_name tool_use_id
    toolset_name""".split(),
    NAME,
)
_SETTINGS: Mapping[str, Node] = dict.fromkeys(
    """is_error is_file_update new_lines new_start num_lines old_lines old_start return_code
    start_line total_lines""".split(),
    SETTING,
)


def _content(block: Node) -> Node:
    """Blocks in a list, or an object that has the members of a block."""
    return replace(block, items=block)


BLOCK = _block(_content(_block(_content(_block(_content(_block(TEXTS)))))))
"""A block of a message. Blocks stand in tools' results, in documents, and in documents there."""
