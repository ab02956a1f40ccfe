"""The recogniser, seen from the service: texts in, spans out, no work on the event loop.

Texts go to worker processes in batches that concurrent calls share. The same text is recognised
once: while it is being recognised later calls wait for the same result, and afterwards the result
is remembered by a digest with a key that only this process has. What is remembered is spans, never
text. A worker that dies or takes too long is replaced, and its batch is looked at once more without
the tier in which that happened, if the policy on failures allows it; otherwise every text in it
fails.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeAlias

import anyio

from plugins.finding.spans import Span
from plugins.pii.batches import Batch, Batches, Work
from plugins.pii.degrees import StandIn
from plugins.pii.joined import may_join
from plugins.pii.language import Languages
from plugins.pii.memory import Digests, Memory
from plugins.pii.options import RecogniserOptions
from plugins.pii.process import Worker, WorkerLost, start_worker

Degraded: TypeAlias = Callable[[Collection[StandIn]], object]
"""Told of a text at which tiers failed, and what was enough in place of each."""

_PAUSE = 1.0
"""Seconds before another try when a worker could not be started."""


class RecogniserFailed(RuntimeError):
    """Texts could not be recognised, so nobody knows what is personal in them. Holds no text."""


async def open_recogniser(stack: AsyncExitStack, options: RecogniserOptions) -> "Recogniser":
    """A recogniser with its first worker ready; the stack closes it.

    Raises RecogniserFailed if a model or recogniser of the options cannot be loaded.
    """
    recogniser = Recogniser(options)
    # Not a task group on the stack: that would wrap every error of the service that it runs in.
    # Nothing is lost for it: the stack waits for the task and raises what went wrong in it.
    running = asyncio.ensure_future(recogniser.run())
    stack.push_async_callback(_stop, running)
    await recogniser.first_worker()
    return recogniser


async def _stop(running: asyncio.Future[None]) -> None:
    running.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait([running])
    if not running.cancelled():
        running.result()


class Recogniser:
    """Finds what is personal in texts."""

    def __init__(self, options: RecogniserOptions):
        self._options = options
        self._degrees = options.degrees
        self._languages = Languages()
        self._known = options.known_languages
        self._digests = Digests()
        self._found = Memory(options.cache, tuple[Span, ...])
        self._guesses = Memory(options.cache, str)
        self._joins = Memory(options.cache, bool)
        self._works: dict[bytes, Work] = {}
        self._batches = Batches()
        self._bell = asyncio.Event()
        self._first = asyncio.Event()
        self._cannot = ""
        self._up = 0
        self._closed = False

    def ready(self) -> bool:
        """Whether a worker is up."""
        return self._up > 0

    async def find(
        self,
        texts: Sequence[str],
        *,
        ner: Sequence[bool] | bool = True,
        degraded: Degraded = lambda _: None,
    ) -> list[list[Span]]:
        """What is personal in each text: spans, sorted, none overlapping another.

        Where `ner` is false only patterns are looked for: right for keys, numbers and ids, in which
        a model sees names everywhere. `degraded` is told of each text at which a tier failed and
        others were enough. Raises RecogniserFailed.
        """
        flags = [ner] * len(texts) if isinstance(ner, bool) else ner
        digests = [
            self._digest(text, b"ner" if flag else b"")
            for text, flag in zip(texts, flags, strict=True)
        ]
        if self._closed:
            raise RecogniserFailed("the recogniser is closed")
        found: dict[bytes, tuple[Span, ...]] = {}
        works: dict[bytes, Work] = {}
        new: list[Work] = []
        for text, flag, digest in zip(texts, flags, digests, strict=True):
            if digest in found:
                continue
            known = self._found.get(digest)
            if known is not None:
                found[digest] = known
            elif digest not in works:
                if digest not in self._works:
                    self._works[digest] = Work(text, flag)
                    new.append(self._works[digest])
                works[digest] = self._works[digest]
                works[digest].wanted += 1
        if new:
            self._batches.add(new)
            self._ring()
        try:
            for digest, work in works.items():
                found[digest] = await self._result(work)
                # What others stood in for is not remembered: the next time all may be well.
                if not work.lost:
                    self._found.put(digest, found[digest])
        finally:
            for digest, work in works.items():
                work.wanted -= 1
                if not work.wanted:
                    del self._works[digest]
        for digest in digests:
            if digest in works and (lost := works[digest].lost):
                degraded(self._degrees.stand_ins(lost) or set())
        return [list(found[digest]) for digest in digests]

    def languages(self, texts: Sequence[str]) -> list[str]:
        """The language of each text, as an ISO 639 code, empty where that cannot be told.

        A text in one that has no model is searched by patterns and lists alone, or refused, as the
        options say. Looks at the beginning of a text; takes some 20 microseconds for each new one.
        """
        return [
            self._guesses.known_or(
                self._digest(text, b"language"), partial(self._languages.guess, text)
            )
            for text in texts
        ]

    def joins(self, text: str) -> bool:
        """Whether something may go on over a line end in a text."""
        return self._joins.known_or(self._digest(text, b"joined"), partial(may_join, text))

    def without_model(self, texts: Sequence[str]) -> set[str]:
        """The languages of texts in which no model looks for names, though models are wanted."""
        if not self._known:
            return set()
        return set(self.languages(texts)) - {"", *self._known}

    async def run(self) -> None:
        """Keep the workers running, until cancelled."""
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(self._options.processes):
                    tasks.start_soon(self._keep_worker)
        finally:
            self._closed = True
            self._first.set()
            for work in self._works.values():
                work.failed("the recogniser was closed")

    async def first_worker(self) -> None:
        """Wait until the first worker is ready; raises RecogniserFailed if it cannot be."""
        await self._first.wait()
        if self._cannot:
            raise RecogniserFailed(self._cannot)

    async def _keep_worker(self) -> None:
        """Keep one worker process running. Ends only by cancellation, or if the first cannot."""
        while not self._cannot:
            async with start_worker() as worker, anyio.create_task_group() as watching:
                watching.start_soon(self._watch, worker)
                try:
                    cannot = await worker.load(self._options)
                except WorkerLost:
                    cannot = "it ended while it was starting"
                if cannot:
                    await self._not_started(f"a worker cannot start: {cannot}")
                else:
                    await self._serve(worker)
                watching.cancel_scope.cancel()

    async def _not_started(self, reason: str) -> None:
        if not self._first.is_set():
            self._cannot = reason
            self._first.set()
            return
        if not self._up:
            for work in self._works.values():
                work.failed(reason)
        await anyio.sleep(_PAUSE)

    async def _watch(self, worker: Worker) -> None:
        """Wake who waits for texts when the worker is gone."""
        await worker.ended()
        self._ring()

    async def _serve(self, worker: Worker) -> None:
        """Give the worker batches until it is lost."""
        self._up += 1
        self._first.set()
        try:
            while batch := await self._next(worker):
                if not await self._recognise(worker, batch):
                    return
        finally:
            self._up -= 1

    async def _next(self, worker: Worker) -> Batch | None:
        """The next batch, as soon as there is one; None if the worker is gone."""
        while worker.running:
            if batch := self._batches.take():
                return batch
            await self._bell.wait()
        return None

    async def _recognise(self, worker: Worker, batch: Batch) -> bool:
        """Have a batch recognised; False if that cost the worker."""
        pieces, without = batch
        try:
            with anyio.fail_after(self._options.timeout):
                texts, ner = [one.text for one in pieces], [one.work.ner for one in pieces]
                answers = await worker.find(texts, ner, without)
        except TimeoutError:
            reason = f"a worker took longer than {self._options.timeout:g} s and was stopped"
        except WorkerLost:
            reason = "a worker process ended in the middle of its work"
        else:
            for piece, answer in zip(pieces, answers, strict=True):
                if isinstance(answer, str):
                    piece.work.failed(answer)
                else:
                    piece.work.found(piece.start, *answer)
            return True
        if more := self._degrees.more(without, worker.tier):
            self._batches.add_again(Batch(pieces, more))
            self._ring()
        else:
            for piece in pieces:
                piece.work.failed(reason)
        return False

    async def _result(self, work: Work) -> tuple[Span, ...]:
        await work.done.wait()
        if work.error:
            raise RecogniserFailed(work.error)
        return tuple(work.spans)

    def _digest(self, text: str, kind: bytes) -> bytes:
        try:
            return self._digests.of(text, kind)
        except UnicodeEncodeError:
            raise RecogniserFailed("a text holds half of a surrogate pair") from None

    def _ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()
