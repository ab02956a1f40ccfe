"""What is sent: texts with made-up people in them, and requests made of them.

The texts are ASCII without quotes or backslashes, so that every program writes them in JSON in the
same way; each holds one mail address, and no other `@`. `Pair`: a request's body, and what its
reply must say.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path

Pair = tuple[str, str]
Turn = dict[str, str]

_FIRST = """Anna Robert Maria James Laura Peter Susan David Emma Thomas Helen Mark Julia Daniel
Clara Simon Alice George Nora Felix""".split()
_LAST = """Berg Fischer Gonzalez Carter Lindqvist Novak Thompson Weber Rossi Murphy Jensen Walker
Silva Bennett Keller Hughes Larsen Morgan Fuchs Parker""".split()
_PLACES = "Berlin London Madrid Chicago Vienna Oslo Dublin Boston Zurich Prague".split()
_SENTENCES = """The invoice for the last quarter has not been paid yet.
Please have a look at the attached figures before the meeting.
The doctor asked for another appointment in the coming weeks.
We agreed that the delivery would take place at the end of the month.
The new contract should be signed by both sides as soon as possible.
There was some trouble with the heating in the second building.
I would like to know what the next steps in this matter are.
The results of the examination will be sent by ordinary mail.
Could you write a short and friendly answer to this message?
Nobody has told the other department about the change of plans.""".splitlines()


def text(draw: random.Random, length: int = 500) -> Pair:
    """A text of so many characters that nobody has seen before, and the mail address in it."""
    first, last = draw.choice(_FIRST), draw.choice(_LAST)
    mail = f"{first}.{last}{draw.randrange(10**6)}@example.com".lower()
    phone = f"+44 20 7946 0{draw.randrange(100, 1000)}"
    place, case = draw.choice(_PLACES), draw.randrange(10**6)
    said = [f"{first} {last} from {place} wrote to us about case {case}."]
    said += [f"Answers go to {mail} or {phone}."]
    while sum(map(len, said)) + len(said) < length:
        said.insert(draw.randrange(1, len(said) + 1), draw.choice(_SENTENCES))
    while sum(map(len, said)) + len(said) - 1 > length:
        said.remove(next(one for one in reversed(said) if one in _SENTENCES))
    whole = " ".join(said)[:-1]
    return whole + (" and so on" * length)[: length - len(whole) - 1] + ".", mail


def messages(
    seed: int, count: int, model: str, *, stream: bool = False, length: int = 500
) -> list[Pair]:
    """Requests of one message each."""
    draw = random.Random(seed)
    return [
        (request(model, [{"role": "user", "content": said}], stream=stream), said)
        for said, _ in (text(draw) for _ in range(count))
    ]


class Conversations:
    """`count` conversations of `turns` turns: a question and an answer of 500 characters each.

    Each is sent as a client does that keeps the last turns: all that was said and a new question.
    """

    def __init__(self, seed: int, count: int, turns: int, model: str):
        self._draw = random.Random(seed)
        self._model = model
        self._turns = turns
        self._said = [
            [self._turn(role) for _ in range(turns) for role in ("user", "assistant")][:-1]
            for _ in range(count)
        ]

    def _turn(self, role: str) -> Turn:
        return {"role": role, "content": text(self._draw)[0]}

    def now(self) -> list[Pair]:
        """A request of each conversation as it stands."""
        return [(request(self._model, said), said[-1]["content"]) for said in self._said]

    def grow(self, times: int) -> list[Pair]:
        """Requests of all conversations, each with a new turn and without the oldest."""
        pairs: list[Pair] = []
        for _ in range(times):
            for said in self._said:
                said += self._turn("assistant"), self._turn("user")
                del said[:2]
            pairs += self.now()
        return pairs


def request(model: str, turns: list[Turn], *, stream: bool = False) -> str:
    """The body of a chat completion."""
    return json.dumps({"model": model, "messages": turns, "stream": stream})


def write(pairs: Iterable[Pair], path: Path) -> None:
    """Write requests for the load to read."""
    with path.open("w") as file:
        for body, expected in pairs:
            file.write(f"{body}\n{expected}\n")


def mail_in(said: str) -> str:
    """The mail address of a text."""
    return next(word for word in said.split() if "@" in word)


def chunks_in(body: str) -> int:
    """In how many chunks the upstream streams the reply to a request: its model's name says it."""
    return int(json.loads(body)["model"].split("-")[2])
