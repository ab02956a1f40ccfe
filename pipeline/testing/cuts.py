"""Ways to cut a text into pieces, and a stream into other chunks that say the same."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from random import Random

from pipeline.core.dialect import Dialect
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.core.plugin import Channel

_PAIRS_UP_TO = 40
"""Characters of the longest text that is cut at every pair of places: 780 ways."""


def cuts(text: str, *, draws: int = 20, seed: int = 0) -> Iterator[tuple[int, ...]]:
    """Where to cut a text: nowhere, at each place, each pair if it is short, everywhere, by chance.

    Random cuts also cut twice at one place, which gives an empty piece.
    """
    places = range(1, len(text))
    yield ()
    yield from ((place,) for place in places)
    if len(text) <= _PAIRS_UP_TO:
        yield from combinations(places, 2)
    yield tuple(places)
    # The seed makes a failure come again; nothing here is a secret.
    random = Random(seed)  # noqa: S311
    for _ in range(draws):
        yield tuple(sorted(random.choices(range(len(text) + 1), k=random.randint(1, 9))))


def pieces(text: str, places: Sequence[int]) -> list[str]:
    """The text cut at these places."""
    return [text[start:end] for start, end in pairwise((0, *places, len(text)))]


def recut(
    dialect: Dialect, body: JsonObject, events: Iterable[Event], random: Random
) -> list[Event]:
    """Another stream that says the same: texts cut elsewhere, channels interleaved otherwise.

    The chunks given keep their order, and with it all that is not text.
    """
    reader = dialect.reader(body)
    out: list[Event] = []
    waiting: dict[Channel, list[str]] = {}

    def say(channel: Channel) -> None:
        out.append(_event(reader.make(channel, waiting[channel].pop(0))))
        if not waiting[channel]:
            del waiting[channel]

    for event in events:
        frame = reader.read(event)
        due = {*frame.closes, *(piece.channel for piece in frame.pieces)}
        while waiting and (due & waiting.keys() or random.random() < 0.5):
            say(random.choice(list(waiting)))
        for piece in frame.pieces:
            if piece.once:
                continue
            count = random.choice((0, 1, 2, 5))
            parts = pieces(piece.text, sorted(random.choices(range(len(piece.text) + 1), k=count)))
            if piece.channel in frame.closes:
                out += [_event(reader.make(piece.channel, part)) for part in parts[:-1]]
                piece.change(parts[-1])
            else:
                piece.change(parts[0])
                if parts[1:]:
                    waiting[piece.channel] = parts[1:]
        out.append(event if frame.data is None else _event(frame))
    return out


def _event(frame: Frame) -> Event:
    return Event(encode(frame.data), frame.name)
