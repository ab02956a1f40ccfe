"""Secrets are found behind whatever hides them from patterns."""

import time

import pytest

from pipeline.audit.canaries import Canary
from pipeline.audit.encodings import ENCODINGS, Encoding
from plugins.secrets.detector import Detector, Source
from plugins.secrets.kinds import KINDS
from plugins.secrets.rules import KnownKeys
from tests.plugins.secrets import secret_samples as sample

KEPT = [one for one in ENCODINGS if one.parts == 1 and one.name not in ("upper case", "lower case")]
"""A key in other letters is no key any more."""

SECRETS = {
    "GitHub": ("My token is {}", sample.GITHUB),
    "GitLab": ("Use {} for it.", sample.GITLAB),
    "Slack": ("it is {} there", sample.SLACK),
    "Google": ("{}", sample.GOOGLE),
    "AWS": ("the id {} alone", sample.AWS_ID),
    "JWT": ("it is {} here", sample.JWT),
    "password": ("password: {}", "tulip#77"),
    "address": ("see {} there", sample.POSTGRES),
}
CANNOT = {("line end inside", "password"), ("line end inside", "address")}
"""Nobody can tell where half a password ends; of the address the password is hidden."""


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(KnownKeys(cache=True, timeout=5.0), KINDS, ())


def left(detector: Detector, text: str) -> str:
    """What is not covered by findings."""
    at, parts = 0, list[str]()
    for span in detector.find(Source(text)):
        parts.append(text[at : span.start])
        at = span.end
    return "".join(parts) + text[at:]


@pytest.mark.parametrize("encoding", KEPT, ids=lambda one: one.name)
@pytest.mark.parametrize("name", SECRETS)
def test_disguised_secrets_are_covered(detector: Detector, encoding: Encoding, name: str):
    if (encoding.name, name) in CANNOT:
        return
    sentence, secret = SECRETS[name]
    canary = Canary("API_KEY", secret, sentence.format(secret), (secret,))
    (text,) = encoding.message(canary)
    if encoding.code:
        text = encoding.write(sentence.format(secret))
        rest = left(detector, text)
        assert rest != text
        # No run of the secret, written in this way, is left.
        assert encoding.write(secret[3:-3]) not in rest
    else:
        (piece,) = encoding.pieces(canary)
        before, after = text.split(piece)
        rest = left(detector, text)
        assert not any(char.isalnum() for char in rest[len(before) : len(rest) - len(after)])


def test_the_rest_of_a_disguised_text_stays(detector: Detector):
    escaped = "".join(f"\\u{ord(char):04x}" for char in sample.GITHUB)
    text = f"caf\u00e9 \\n {escaped} %20 caf\u00e9"
    assert left(detector, text) == "caf\u00e9 \\n  %20 caf\u00e9"


@pytest.mark.parametrize(
    "text",
    [
        f"{sample.GITHUB}\nand12 more",
        f"{sample.GITHUB}\n{sample.SLACK}",
        f"{sample.STRIPE}\nversion2 of it",
        f"token: {sample.GITHUB}\nversion2: 7",
    ],
)
def test_a_key_does_not_take_the_next_line(detector: Detector, text: str):
    rest = left(detector, text)
    for key in (sample.GITHUB, sample.SLACK, sample.STRIPE):
        text = text.replace(key, "")
    assert rest == text


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3 4 5 6 7 8 9 10 11 12\n2 4 6 8 10 12",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "print('%s\\n' % password)\nversion_2_of\nmodule_3_is here",
        "commit_1234567\n89abcdef0123456789abcdef012345678",
    ],
)
def test_what_is_pulled_apart_without_hiding_anything(detector: Detector, text: str):
    assert left(detector, text) == text


@pytest.mark.parametrize("unit", ["a b c ", "a1b2c3d4e5\n", "\\u0041", "%41", "aaaaaaaa1\naaaa "])
def test_time_is_linear_in_disguised_text(detector: Detector, unit: str):
    text = (unit * 200_000)[:200_000]
    began = time.process_time()
    detector.find(Source(text))
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize("secret", [sample.GITHUB, sample.SLACK, sample.GITLAB])
@pytest.mark.parametrize("cut", range(8, 20, 3))
def test_a_key_that_is_split_over_two_texts(detector: Detector, secret: str, cut: int):
    texts = [
        "nothing here",
        f"it begins with {secret[:cut]} ",
        f" {secret[cut:]} is the rest",
        "end",
    ]
    found = detector.find_all([Source(text) for text in texts])
    assert [
        [text[one.start : one.end] for one in spans]
        for text, spans in zip(texts, found, strict=True)
    ] == [
        [],
        [secret[:cut]],
        [secret[cut:]],
        [],
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["see 12 there", "and 34 here"],
        ["version2_of", "module3 is"],
        ["commit 1234567", "89abcdef0123456789abcdef012345678"],
    ],
)
def test_texts_that_follow_each_other_share_nothing(detector: Detector, texts: list[str]):
    assert not any(detector.find_all([Source(text) for text in texts]))


def test_a_whole_key_takes_nothing_of_the_next_text(detector: Detector):
    for key in (sample.GITHUB, sample.STRIPE):
        first, second = detector.find_all([Source(f"use {key}"), Source("version2 of it")])
        assert len(first) == 1
        assert second == []
