"""Secrets leave the house as placeholders and come back as themselves, or not at all.

In `pre`, keys, tokens, passwords, private keys and connection strings are replaced by placeholders
such as `API_KEY_1`, or the request is refused; in `post`, the placeholders of this exchange, and of
no other, are replaced by what they stand for.

An address with a password in it is hidden as a whole: parts of an address are never restored unless
all of it stood in the request, so a model that was shown the rest could not give back a working
one. Of a list such as `Server=db;Password=…` only the password is hidden.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, ClassVar, Literal

import anyio.to_thread
from msgspec import Meta

from pipeline import Channel, Exchange, Plugin, Rejected, Request, Step, Text, TextFilter
from plugins.finding.spans import Span
from plugins.hiding.noted import noted, noted_restores
from plugins.hiding.policy import ANY, EMBEDDINGS, Policy, may_restore
from plugins.hiding.redaction import Redaction
from plugins.hiding.restore import RestoreFilter, Restorer
from plugins.secrets.assigned import SCORE
from plugins.secrets.detector import Detector, Source
from plugins.secrets.kinds import KINDS, Kind

ChannelKind = Literal["content", "reasoning", "refusal", "arguments", "other"]

ON_THE_LOOP = 2_000
"""Characters up to which a request is looked into at once, in under a millisecond."""


class SecretsStep(Step):
    """Hiding and restoring in one exchange: the placeholders live and die with it."""

    def __init__(self, options: "Secrets", detector: Detector, exchange: Exchange):
        self._options = options
        self._detector = detector
        self._exchange = exchange
        self._redaction = Redaction(
            shortest=options.sweep_length,
            surest=SCORE,
            # In an index nothing may stand that changes with the request.
            policy=Policy({ANY: "mark"}) if exchange.endpoint == EMBEDDINGS else None,
            note=noted(exchange),
        )
        self._restorer: Restorer | None = None

    async def on_request(self, request: Request) -> None:
        """Hide the secrets in every text; refuse those that cannot be hidden."""
        texts, fixed = request.texts(), request.fixed()
        sources = [*_sources(texts), *(Source(one.text, free=False) for one in fixed)]
        found = await self._find(sources)
        in_texts, in_fixed = found[: len(texts)], found[len(texts) :]
        if self._options.action == "block":
            for text, spans in zip(texts, in_texts, strict=True):
                if spans:
                    self._exchange.receipt.found(text, spans[0].entity, "block")
                    raise _refused(text.path, spans[0].entity, "leave it out")
        self._redaction.avoid(one.text for one in fixed)
        self._redaction.apply(texts, in_texts)
        for one, spans in zip(fixed, in_fixed, strict=True):
            if spans or self._redaction.knows(one.text):
                entity = spans[0].entity if spans else ""
                self._exchange.receipt.found(one, entity, "block")
                what = entity or "a value that is a secret elsewhere"
                raise _refused(one.path, what, "it must not be rewritten there; leave it out")
        if entities := self._redaction.entities():
            self._exchange.labels.update({"secrets", *entities})

    def on_text(self, channel: Channel) -> TextFilter | None:
        """Restore what this exchange has hidden."""
        values, options = self._redaction.vault.values, self._options
        if not values or not may_restore(channel, options.restore, options.restore_tools):
            return None
        if self._restorer is None:
            note = noted_restores(self._exchange, self._redaction.vault)
            self._restorer = Restorer(values, self._redaction.texts(), note)
        return RestoreFilter(self._restorer)

    async def _find(self, sources: Sequence[Source]) -> list[list[Span]]:
        if sum(len(one.text) for one in sources) <= ON_THE_LOOP:
            return self._detector.find_all(sources)
        return await anyio.to_thread.run_sync(self._detector.find_all, sources)


class Secrets(Plugin, frozen=True, kw_only=True):
    """Replaces secrets by placeholders on the way out and restores them on the way back.

    Stand it before `pii` in `pre` and after it in `post`: what is hidden last is restored first.
    """

    step: ClassVar[type[Step] | None] = SecretsStep

    kinds: Annotated[
        tuple[Kind, ...],
        Meta(
            description="What to look for. `API_KEY`: keys and tokens of known make, or assigned "
            "to a name such as `token`. `RANDOM_STRING`: strings of 24 characters and more that "
            "are too random for anything else; leaving it out costs recall of keys that nothing "
            "announces (four in a hundred), and spares keys that are cut short."
        ),
    ] = KINDS
    action: Annotated[
        Literal["replace", "block"],
        Meta(
            description="Whether secrets are replaced by placeholders, or a request that holds one "
            "is refused. In embeddings they get marks such as `[API_KEY]`, the same every time."
        ),
    ] = "replace"
    allow: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Values that are no secrets, such as the keys of a tutorial."),
    ] = ()
    restore: Annotated[
        tuple[ChannelKind, ...],
        Meta(description="In which texts of a reply secrets are restored."),
    ] = ("content", "reasoning", "refusal", "arguments", "other")
    restore_tools: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            description="In the arguments of which tools secrets are restored, by the tools' exact "
            "names; `*` stands for all. One whose name is not certain when its arguments begin is "
            "none of them."
        ),
    ] = ("*",)
    sweep_length: Annotated[
        int,
        Meta(
            ge=2,
            description="A secret of fewer characters is hidden only where it was recognised, not "
            "wherever else it stands.",
        ),
    ] = 5
    timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that the rules for keys of known make may take over some 32,000 "
            "characters. After that the exchange ends.",
        ),
    ] = 5.0
    rule_cache: Annotated[
        bool,
        Meta(
            description="Whether the compiled rules are kept in the user's cache folder. Without "
            "them every start costs some seconds more."
        ),
    ] = True

    @property
    def whole_values(self) -> bool:
        """A key in which somebody has replaced what looks like a number is no key any more, and so
        this belongs before `pii`.
        """
        return True

    def problems(self) -> list[str]:
        """Options with which nothing is ever found."""
        if not self.kinds:
            return ["kinds: nothing is looked for; leave it out, or name at least one"]
        return []

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        """Load and compile the rules."""
        return partial(SecretsStep, self, await anyio.to_thread.run_sync(self._load))

    def _load(self) -> Detector:
        # Imported here: the engine costs memory that a service without this plugin can save.
        from plugins.secrets.rules import KnownKeys

        keys = KnownKeys(cache=self.rule_cache, timeout=self.timeout)
        return Detector(keys, self.kinds, self.allow)


def _sources(texts: Sequence[Text]) -> Iterator[Source]:
    """The texts with the names of the JSON members that they are values of."""
    key: Text | None = None
    for text in texts:
        if text.kind == "key":
            key = text
            yield Source(text.text, free=False)
            continue
        if key is not None and not text.path.startswith(key.path):
            key = None
        yield Source(text.text, free=text.kind == "text", key=key.text if key else "")


def _refused(path: str, entity: str, remedy: str) -> Rejected:
    return Rejected(f"{path}: holds {entity}; {remedy}", param=path)
