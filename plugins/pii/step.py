"""Redaction and restoration in one exchange."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from hashlib import blake2b
from typing import TypeAlias

import anyio.to_thread

from pipeline import (
    Channel,
    Exchange,
    Fixed,
    Rejected,
    Request,
    Step,
    Text,
    TextFilter,
)
from plugins.finding.fold import fold
from plugins.finding.spans import Span
from plugins.hiding.noted import noted, noted_restores
from plugins.hiding.plan import Plan, digest
from plugins.hiding.policy import EMBEDDINGS, may_restore
from plugins.hiding.replay import Replay
from plugins.hiding.restore import RestoreFilter, Restorer
from plugins.hiding.words import is_identifier
from plugins.pii.degrees import StandIn
from plugins.pii.exchange_options import ExchangeOptions
from plugins.pii.joined import bridges, with_fragments
from plugins.pii.memory import Memory
from plugins.pii.output import OutputFilter, Own
from plugins.pii.recogniser import Recogniser

Planned: TypeAlias = tuple[Plan, frozenset[str]]
"""What was done to the texts of a whole request, with the labels that it brought."""

_AT_ONCE = 50_000
"""Characters that are redacted on the event loop; takes some 15 ms. More leave it to a thread."""
_MOST_GUESSED = 500
"""Texts whose language is guessed on the event loop, 20 microseconds each; workers guess all."""
_PER_TEXT = 20
"""What a text costs by itself, in characters."""


class PiiStep(Step):
    """Redaction and restoration in one exchange: the placeholders live and die with it."""

    def __init__(
        self,
        options: ExchangeOptions,
        recogniser: Recogniser,
        key: bytes,
        plans: Memory[Planned],
        exchange: Exchange,
    ):
        self._options = options
        self._recogniser = recogniser
        self._key = key
        self._exchange = exchange
        self._plans = plans
        self._first = True
        self._lost = False
        self._labels: set[str] = set()
        self._redaction = Replay(
            shortest=options.sweep_length,
            surest=options.sweep_score,
            policy=options.policy(exchange.endpoint),
            key=key,
            note=noted(exchange),
        )
        self._restorer: Restorer | None = None
        self._own: Own | None = None

    async def on_request(self, request: Request) -> None:
        """Hide what is personal in every text; refuse what is personal but cannot be hidden."""
        texts = [text for text in request.texts() if text.kind != "identity"]
        fixed = request.fixed()
        first, self._first = self._first, False
        names = [one.text for one in fixed]
        key = digest(self._key, self._exchange.endpoint, texts, names)
        self._redaction.avoid(names)
        if first and (known := self._plans.get(key)):
            plan, labels = known
            self._redaction.replay(texts, plan)
            self._exchange.labels |= labels
        else:
            sources = [text.text for text in texts]
            found = await self._redact(texts, fixed)
            if first and not self._lost and (plan := self._redaction.plan(sources, found)):
                self._plans.put(key, (plan, frozenset(self._labels)))
        for text in request.texts():
            if text.kind == "identity":
                text.text = blake2b(text.text.encode(), key=self._key, digest_size=16).hexdigest()

    async def _redact(self, texts: Sequence[Text], fixed: Sequence[Fixed]) -> list[list[Span]]:
        """Find what is personal, and hide or refuse it; gives what was found in texts."""
        in_texts, in_fixed = await self._find(texts, [one.text for one in fixed])
        redact = partial(self._redaction.apply, texts, in_texts)
        if sum(len(text.text) + _PER_TEXT for text in texts) > _AT_ONCE:
            await anyio.to_thread.run_sync(redact)
        else:
            redact()
        self._check_digests()
        for one, spans in zip(fixed, in_fixed, strict=True):
            surely = [span for span in spans if self._is_sure(span)]
            if surely or self._redaction.knows(one.text):
                entity = surely[0].entity if surely else ""
                self._exchange.receipt.found(one, entity, "block")
                raise Rejected(
                    f"{one.path}: holds {entity or 'a value that is personal elsewhere'}, in a "
                    "place that must not be rewritten; send the request without it",
                    param=one.path,
                )
        self._label()
        return in_texts

    async def _find(
        self, texts: Sequence[Text], fixed: Sequence[str]
    ) -> tuple[list[list[Span]], list[list[Span]]]:
        """What is personal in texts, in each and over their borders; and in fixed strings."""
        sources = [text.text for text in texts]
        ner = [_may_hold_names(text) for text in texts]
        self._check_languages([one for one, named in zip(sources, ner, strict=True) if named])
        between = bridges(texts, self._recogniser.joins)
        ner += [not is_identifier(one) for one in fixed]
        ner += [False] * len(between)
        everything = [*sources, *fixed, *[bridge.text for bridge in between]]
        found = await self._recogniser.find(everything, ner=ner, degraded=self._degraded)
        alone, rest = found[: len(texts)], found[len(texts) :]
        in_fixed, over_borders = rest[: len(fixed)], rest[len(fixed) :]
        return with_fragments(sources, alone, between, over_borders), in_fixed

    def _check_digests(self) -> None:
        """Refuse what would go into an index under digests that no later request can repeat."""
        if self._exchange.endpoint != EMBEDDINGS or self._options.identity_key:
            return
        if "hash" in self._redaction.actions():
            raise Rejected(
                "input: holds personal data, which embeddings get digests of, and without a key "
                "these change with every start; set `identity_key` of the plugin of type `pii`, or "
                "let its `endpoint_actions` say something else, such as `mark`",
                param="input",
            )

    def _check_languages(self, prose: Sequence[str]) -> None:
        """Report texts in which no model looks for names, or refuse them as the options say."""
        codes = sorted(self._recogniser.without_model(prose[:_MOST_GUESSED]))
        if codes and self._options.unknown_language == "refuse":
            raise Rejected(
                f"a text seems to be in `{codes[0]}`, a language in which no model looks for "
                "names; add one to `languages` and `models` of the plugin of type `pii`, or write "
                "in another language"
            )
        self._add_labels(f"no_model_{code}" for code in codes)

    def on_text(self, channel: Channel) -> TextFilter | None:
        """Restore what this exchange has hidden, and hide what it has not."""
        restore = self._restore(channel)
        if not self._options.output:
            return restore
        if self._own is None:
            self._own = Own(self._redaction.vault.values, self._redaction.identities())
        note = partial(self._exchange.receipt.found, channel.kind, action="mark")
        return OutputFilter(
            partial(self._recogniser.find, degraded=self._degraded),
            self._own,
            self._options.policy(),
            note,
            restore,
        )

    def _restore(self, channel: Channel) -> RestoreFilter | None:
        options = self._options
        if not may_restore(channel, options.restore, options.restore_tools):
            return None
        if self._restorer is None:
            values = self._redaction.restorable(options.restore_entities, options.restore_roles)
            if not values:
                return None
            note = noted_restores(self._exchange, self._redaction.vault)
            self._restorer = Restorer(values, self._redaction.texts(), note)
        return RestoreFilter(self._restorer)

    def _is_sure(self, span: Span) -> bool:
        return (
            span.score >= self._options.fixed_threshold
            and self._options.policy(self._exchange.endpoint).action(span.entity, "") != "keep"
        )

    def _degraded(self, stand_ins: Collection[StandIn]) -> None:
        self._lost = True
        self._exchange.labels.add("degraded")
        for one in stand_ins:
            self._exchange.receipt.degraded(one.failed, one.instead)

    def _label(self) -> None:
        entities = self._redaction.entities()
        if entities:
            self._add_labels({"pii", *entities})
        if not entities.isdisjoint(self._options.sensitive_entities):
            self._add_labels({"sensitive"})

    def _add_labels(self, labels: Iterable[str]) -> None:
        self._labels.update(labels)
        self._exchange.labels |= self._labels


def _may_hold_names(text: Text) -> bool:
    """Whether a model should look: it takes every other identifier and number for a name."""
    if text.kind not in ("text", "key"):
        return False
    if not is_identifier(text.text):
        return True
    if text.kind != "text":
        return False
    # Prose in base64 or hexadecimal digits is one word.
    return not any(map(str.isdigit, text.text)) or not is_identifier(fold(text.text).text)
