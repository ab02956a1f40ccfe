"""Which escapes and coded runs are read, and which are left as they stand."""

from base64 import b64encode

import pytest

from plugins.finding.fold import fold


@pytest.mark.parametrize(
    ("text", "shadow"),
    [
        ("&#x1F600; &#65; &#x10FFFF;x", "\U0001f600 A \U0010ffffx"),
        (r"\u{1F600} \u{41}", "\U0001f600 A"),
        ("%u0041%u00e9", "A\u00e9"),
        ("61626364656667686970", "abcdefghip"),
        (b64encode("na\u00efve caf\u00e9s".encode()).decode(), "na\u00efve caf\u00e9s"),
    ],
)
def test_what_is_read(text: str, shadow: str) -> None:
    assert fold(text).text == shadow


@pytest.mark.parametrize(
    "text",
    [
        "&#xD800; &#xDFFF; &#x110000; &#0;",
        r"\u{D800} \u{110000}",
        "%uD800 %uDFFF",
        "616263646566676869",
        "Q" + b64encode(b"anna@x.org!!").decode(),
        b64encode("\u65e5\u672c\u8a9e\u306e\u6587".encode()).decode(),
    ],
)
def test_what_is_left(text: str) -> None:
    assert fold(text).text == text
