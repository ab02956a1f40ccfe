import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from pipeline.audit.canaries import ENTITIES, Aviary, Canary, sentences
from pipeline.audit.encodings import ENCODINGS, Encoding
from pipeline.audit.scan import Writing, shown
from pipeline.core.jsonvalue import encode
from pipeline.testing.leaks import _spellings, leaked

CANARIES = Aviary(ENTITIES).new()


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda one: one.name)
@pytest.mark.parametrize("canary", CANARIES, ids=lambda one: one.entity)
def test_no_encoding_hides_a_canary_from_the_scan(encoding: Encoding, canary: Canary):
    parts = encoding.message(canary)
    body = encode({"messages": [{"content": [{"text": one} for one in parts]}]})
    assert Writing(body).shows(canary, encoding.pieces(canary))
    other = Aviary(ENTITIES, 7).new()[CANARIES.index(canary)]
    assert not Writing(body).shows(other, encoding.pieces(other))


@pytest.mark.parametrize("canary", CANARIES, ids=lambda one: one.entity)
def test_the_scan_sees_what_the_test_kit_sees(canary: Canary):
    for name, spelling in _spellings(canary.value):
        text = f"before {spelling} after"
        assert leaked(canary.value, text)
        if name != "base64":  # There it is cut to what does not depend on what stands around.
            assert Writing(text).shows(canary), name


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("write", [b64encode, urlsafe_b64encode])
def test_base64_is_read_wherever_the_value_stands_in_it(shift: int, write: object):
    for canary in CANARIES:
        written = write(b"~" * shift + canary.sentence.encode() + b"?>")  # type: ignore[operator]
        assert Writing(b"x=" + written).shows(canary)
        assert Writing(b'{"a": "' + written.rstrip(b"=") + b'"}').shows(canary)


def test_escapes_in_escapes_are_undone():
    for canary in CANARIES:
        text = quote(json.dumps(json.dumps({"a": "\u200b".join(canary.value)})))
        assert Writing(text).shows(canary)


def test_a_part_that_tells_is_enough():
    mail = CANARIES[0]
    assert mail.entity == "EMAIL_ADDRESS"
    local, _, domain = mail.value.partition("@")
    assert Writing(f"{local}@EMAIL_DOMAIN_1").shows(mail)
    assert not Writing(f"EMAIL_1@{domain}").shows(mail)


def test_a_large_writing_is_looked_through_to_its_end_and_across_parts():
    text = sentences(CANARIES).encode()
    for before in (0, 262_144 - 10, 262_144 * 2 + 5):
        assert shown(b"." * before + text, CANARIES) == list(ENTITIES)
    assert shown(b"." * 600_000, CANARIES) == []
