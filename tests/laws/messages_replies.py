"""Replies in Anthropic's Messages with everything in them."""

from typing import Any

from hypothesis import strategies as st
from replies import TEXTS

INPUTS = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    """A content block of any kind."""
    text = draw(TEXTS)
    cited = {"type": "char_location", "cited_text": text, "start_char_index": 3}
    found = {"type": "web_search_result", "title": text, "url": text, "encrypted_content": "e"}
    return draw(
        st.sampled_from(
            [
                {"type": "text", "text": text},
                {"type": "text", "text": text, "citations": [cited]},
                {"type": "thinking", "thinking": text, "signature": "c2lnbmVk"},
                {"type": "redacted_thinking", "data": "PERSON_1"},
                {"type": "tool_use", "id": "t", "name": "search", "input": draw(INPUTS)},
                {"type": "server_tool_use", "id": "s", "name": "web", "input": draw(INPUTS)},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": [found]},
                {"type": "compaction", "content": text},
                {"type": "compaction", "content": None},
                {"type": "unknown", "unknown": text, "deep": {"er": [text, 7]}},
            ]
        )
    )


@st.composite
def wholes(draw: st.DrawFn) -> dict[str, Any]:
    """A whole reply of up to five blocks."""
    return {
        "id": "msg_é",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": draw(st.lists(blocks(), max_size=5)),
        "stop_reason": draw(st.sampled_from(["end_turn", "tool_use", "max_tokens"])),
        "stop_sequence": draw(st.sampled_from([None, "PERSON_1"])),
        "usage": {"input_tokens": 3, "output_tokens": 5, "service_tier": "standard"},
        **draw(st.sampled_from([{}, {"stop_details": {"explanation": "PERSON_1"}}])),
    }
