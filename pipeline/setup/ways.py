"""The targets of every route, ready to be asked for: which take a request, and in what order."""

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from pipeline.backends.breaker import Breaker, State
from pipeline.backends.lane import GuardedLane
from pipeline.backends.tokenizing import counter
from pipeline.backends.turns import Turns
from pipeline.core.backend import Backend, Upstream
from pipeline.core.catalog import ModelInfo
from pipeline.core.chain import Chain
from pipeline.core.dialect import Facts
from pipeline.core.errors import BadRequest
from pipeline.core.start import Start
from pipeline.core.target import Target, Terms
from pipeline.setup.config import Config, RouteConfig, TargetConfig
from pipeline.setup.prices import per_token
from pipeline.setup.routes import Routes, targets

_CLOSEST = 2.0**64


BreakerTurned = Callable[[str, str, State, str, float], None]
"""Told of a breaker's backend and model, and what `breaker.Turned` is told."""


def _nobody(_backend: str, _model: str, _state: State, _why: str, _seconds: float) -> None:
    """Nobody listens."""


class Way(Struct, frozen=True):
    """One target of a route, without the client's own model name, and its share of the draw."""

    target: Target
    weight: float
    breaker: Breaker


class Ways:
    """Finds the way. Sessions stick to a target by a digest with a key that ends with the service.

    All routes to one model of a backend share a breaker: `breakers` has them by both names. Where
    the client is free to name the model, the route's pattern stands for it. `breaker_turned` is
    told when one opens or closes.
    """

    def __init__(
        self,
        config: Config,
        chains: Mapping[str, Chain],
        upstreams: Mapping[str, Upstream],
        turns: Mapping[str, Turns] | None = None,
    ):
        self._config = config
        self._chains = chains
        self._upstreams = upstreams
        self._routes = Routes(config.models)
        self._key = Start.current().key("sessions")
        self.breaker_turned: BreakerTurned = _nobody
        self.breakers: dict[tuple[str, str], Breaker] = {}
        self.turns = {
            name: (turns or {}).get(name) or Turns(one.concurrency, one.queue)
            for name, one in config.backends.items()
            if name in upstreams
        }
        files = {info.tokenizer for one in config.backends.values() for info in one.models.values()}
        self._counters = {one: counter(one) for one in files if one}
        self.of = {name: self._ways(name, route) for name, route in config.models.items()}

    def find(self, facts: Facts, session: str | None) -> list[Target]:
        """The targets that take such a request, in the order to try.

        Raises UnknownModel, and BadRequest if the request needs what none of them can do.
        """
        route = self._routes.find(facts.model)
        able = [one for one in self.of[route.name] if _can(one.target.info, facts)]
        if not able:
            needs = ", ".join(f"`{one}`" for one in sorted(facts.needs))
            raise BadRequest(f"no backend of this model can do all of {needs}", param="model")
        ordered = self._ordered(able, route.to, session)
        return [self._named(one.target, facts.model) for one in ordered]

    def _named(self, target: Target, model: str) -> Target:
        return target if target.model else replace(target, model=model)

    def _ordered(
        self, ways: Sequence[Way], route: RouteConfig, session: str | None
    ) -> Sequence[Way]:
        match route.order:
            case "listed":
                return ways
            case "cheapest":
                return sorted(ways, key=lambda one: _price(one.target.info))
            case "weighted":
                drawn = session.encode() if route.sticky and session else secrets.token_bytes(16)
                return sorted(ways, key=self._rank(drawn))

    def _rank(self, drawn: bytes) -> Callable[[Way], float]:
        """Weighted rendezvous hashing: each target comes first as often as its weight says, and a
        session moves only if its own target goes.
        """

        def rank(way: Way) -> float:
            name = f"{way.target.backend}\0{way.target.model}".encode()
            digest = blake2b(drawn + b"\0" + name, key=self._key, digest_size=8).digest()
            share = (int.from_bytes(digest) + 1) / (_CLOSEST + 1)
            return -math.log(share) / way.weight

        return rank

    def _ways(self, name: str, route: RouteConfig) -> list[Way]:
        return [self._way(name, route, one) for one in targets(self._config.models, name)]

    def _way(self, name: str, route: RouteConfig, to: TargetConfig) -> Way:
        backend = self._config.backends[to.backend]
        breaker = self._breaker(to.backend, to.model or name)
        configured = to.model or ("*" if "*" in name else name)
        info = _info(backend, configured)
        target = Target(
            route=name,
            pipeline=to.pipeline,
            chain=self._chains[to.pipeline],
            deadline=self._config.pipelines[to.pipeline].deadline,
            backend=to.backend,
            upstream=self._upstreams[to.backend],
            streams=backend.streams,
            model=to.model,
            configured_model=configured,
            lane=GuardedLane(
                to.backend, backend, self.turns[to.backend], breaker, replay=route.replay
            ),
            terms=_terms(to, info),
            trust=backend.trust,
            info=info,
            tokens=self._counters.get(info.tokenizer),
            replay=route.replay,
        )
        return Way(target, to.weight, breaker)

    def _breaker(self, backend: str, model: str) -> Breaker:
        if (found := self.breakers.get((backend, model))) is None:
            turned = partial(self._turned, backend, model)
            found = Breaker(self._config.backends[backend].breaker, turned=turned)
            self.breakers[backend, model] = found
        return found

    def _turned(self, backend: str, model: str, state: State, why: str, seconds: float) -> None:
        self.breaker_turned(backend, model, state, why, seconds)


def _info(backend: Backend, model: str) -> ModelInfo:
    return backend.models.get(model, ModelInfo())


def _can(info: ModelInfo, facts: Facts) -> bool:
    return info.capabilities is None or facts.needs <= set(info.capabilities)


def _terms(to: TargetConfig, info: ModelInfo) -> Terms:
    bounds = [one for one in (to.max_tokens, info.context) if one is not None]
    if to.max_cost is not None and info.price is not None and info.price.input:
        bounds.append(int(to.max_cost / per_token(info.price)[0]))
    return Terms(
        labels=frozenset(to.labels),
        without=frozenset(to.without_labels),
        least=to.min_tokens,
        most=min(bounds) if bounds else None,
    )


def _price(info: ModelInfo) -> float:
    """For comparing; a model without a price comes last."""
    return sum(per_token(info.price)) if info.price is not None else math.inf
