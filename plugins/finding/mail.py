"""Mail addresses that are cut by a line end, told from lines that end or begin with one."""

import re

_COUNTRIES = """ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn
bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec
ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn
hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk
lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng
ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se
sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua
ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"""
_GENERIC = """com org net edu gov mil int info biz name pro app dev cloud online site shop store xyz
tech email mail agency bank blog coop jobs mobi museum post travel world local lan internal corp
home test example invalid"""

_KNOWN = frozenset(f"{_COUNTRIES} {_GENERIC}".split())
_FREQUENT = frozenset(_GENERIC.split())

_BEFORE = re.compile(r"[\w.+%&'~@-]{1,64}$")
_AFTER = re.compile(r"[\w.+%&'~@-]{1,64}")
_MAIL = re.compile(r"[\w.+%&'~-]+@(?:\w[\w-]*\.)+([^\W\d_]{2,63})")
NEAR_END = re.compile(
    r"@[\w.+%&'~-]{0,64}[ \t]{0,8}\r?\n[ \t]{0,8}|[ \t]{0,8}\r?\n[ \t]{0,8}(?=[\w.+%&'~-]{0,64}@)"
)
"""A line end with an `@` in the words around it."""

_INSIDE = re.compile(r"\w[._+-]\w|\w[_+-]$")
"""What a word has inside that is the beginning of an address and not the end of a sentence."""

APART = re.compile(r"(?<![\w.+-])[\w.+-]{1,64} ?@ ?\w[\w-]{0,62}(?:(?:\.| \. ?)\w[\w-]{0,62}){1,4}")
"""What may be an address with spaces around its signs; a space that follows a dot alone does not
count, as it ends a sentence."""

MAYBE_APART = re.compile(r"@ ?\w[\w-]{0,62} ?\.")
"""What such an address holds; its beginning would have to be looked for at each word."""


GAPPED = re.compile(r"@(?:(?<= @)| |\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){0,3} \.)")
"""One of those spaces: before or after the `@`, or before a dot."""


def is_mail(written: str) -> bool:
    """Whether this is a mail address, at a domain that exists."""
    match = _MAIL.fullmatch(written)
    return match is not None and match[1].lower() in _KNOWN


def is_broken_mail(text: str, start: int, end: int) -> bool:
    """Whether the line end from `start` to `end` stands inside of a mail address."""
    before = _BEFORE.search(text, max(0, start - 64), start)
    after = _AFTER.match(text, end)
    if before is None or after is None or "@" not in before[0] + after[0]:
        return False
    left, right = before[0], after[0].rstrip(".'&~-+")
    if not right or not is_mail(left + right):
        return False
    if right[0] == ".":  # So begins no line.
        return True
    if "@" in left:
        # `anna@example.or` and `g`: nobody begins a line with one letter that makes a domain.
        short = len(right) < 3 and (left + right).rpartition(".")[2] in _FREQUENT
        return short or not is_mail(left)
    return right.startswith("@") or _INSIDE.search(left) is not None
