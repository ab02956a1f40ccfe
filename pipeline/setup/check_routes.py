"""Whether every route leads somewhere, and none of them weakens privacy on the way."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.backends.tokenizing import problem
from pipeline.core.backend import Backend
from pipeline.core.catalog import TRUST, ModelInfo
from pipeline.core.plugin import Plugin
from pipeline.setup.config import PipelineConfig, RouteConfig, TargetConfig
from pipeline.setup.draft import Draft
from pipeline.setup.environment import join
from pipeline.setup.prices import CURRENCIES, currency
from pipeline.setup.problems import Problems, divided, listed, suggest
from pipeline.setup.routes import targets


def check_routes(draft: Draft, problems: Problems) -> None:
    """Report routes that lead nowhere, in circles, or to where their requests must not go."""
    if not draft.models:
        problems.error(
            "models", "no model leads anywhere", 'add a route, such as `"*" = { backend = "…" }`'
        )
    for name, route in draft.models.items():
        if route is not None:
            _Route(name, route, draft, problems).check()
    for name, backend in draft.backends.items():
        if backend is not None:
            _check_models(join("backends", name), backend, problems)


def ends(models: Mapping[str, RouteConfig | None]) -> Iterator[TargetConfig]:
    """All targets of all routes, but for the broken ones."""
    routes = {name: route for name, route in models.items() if route is not None}
    for name in routes:
        yield from targets(routes, name)


class _End(NamedTuple):
    """A target with what the configuration says of it."""

    to: TargetConfig
    pipeline: PipelineConfig
    backend: Backend

    @property
    def trust(self) -> int:
        return TRUST.index(self.backend.trust)

    @property
    def info(self) -> ModelInfo:
        return self.backend.models.get(self.to.model, ModelInfo())


class _Route:
    """The checks of one route."""

    def __init__(self, name: str, route: RouteConfig, draft: Draft, problems: Problems):
        self._name = name
        self._route = route
        self._draft = draft
        self._problems = problems
        self._place = join("models", name)
        self._routes = {key: one for key, one in draft.models.items() if one is not None}

    def check(self) -> None:
        route = self._route
        self._check_shape()
        if route.backend:
            self._check_names(TargetConfig(route.backend, route.pipeline), self._place)
        for at, one in enumerate(route.targets):
            place = f"{self._place}.targets[{at}]"
            if isinstance(one, str):
                self._check_reference(one, place)
            else:
                pipeline = one.pipeline or route.pipeline
                self._check_names(TargetConfig(one.backend, pipeline), place)
        known = list(self._ends())
        self._check_hidden(known)
        self._check_trust(known)
        self._check_order(known)
        self._check_costs(known)

    def _check_shape(self) -> None:
        route = self._route
        if route.backend and route.targets:
            remedy = "make it the first of the targets"
            self._error("`backend` stands beside `targets`", remedy, "backend")
        elif not route.backend and not route.targets:
            self._error("there is no target", 'name one: `backend = "…"`')
        elif self._loops(self._name, ()):
            self._error("its targets lead back to itself", "take one of the names out", "targets")
        if route.sticky and route.order != "weighted":
            self._warn("`sticky` is for draws by weight", 'write `order = "weighted"`', "sticky")

    def _loops(self, name: str, on_the_way: tuple[str, ...]) -> bool:
        route = self._routes.get(name)
        names = [one for one in route.targets if isinstance(one, str)] if route else []
        way = (*on_the_way, name)
        return self._name in names or any(self._loops(one, way) for one in names if one not in way)

    def _check_reference(self, name: str, place: str) -> None:
        if name not in self._draft.models:
            remedy = suggest(name, self._draft.models)
            self._problems.error(place, f"there is no model `{name}` in `[models]`", remedy)

    def _check_names(self, to: TargetConfig, place: str) -> None:
        draft = self._draft
        if to.pipeline not in draft.pipelines:
            remedy = suggest(to.pipeline, draft.pipelines)
            self._problems.error(place, f"there is no pipeline `{to.pipeline}`", remedy)
        if to.backend not in draft.backends:
            remedy = suggest(to.backend, draft.backends)
            self._problems.error(place, f"there is no backend `{to.backend}`", remedy)

    def _ends(self) -> Iterator[_End]:
        """The targets of which no error has been reported."""
        for to in targets(self._routes, self._name):
            pipeline = self._draft.pipelines.get(to.pipeline)
            backend = self._draft.backends.get(to.backend)
            if pipeline is not None and backend is not None:
                yield _End(to, pipeline, backend)

    def _check_hidden(self, known: list[_End]) -> None:
        """What leaves the house leaves it redacted, or somebody has said that it need not."""
        for end in known:
            if end.backend.trust == "public" and end.backend.leaves and not self._hiding(end):
                self._warn(
                    f"nothing in pipeline `{end.to.pipeline}` hides anything from backend "
                    f"`{end.to.backend}`",
                    "list a plugin such as `pii` in its `pre`, or say with `trust` of the backend "
                    "where that stands",
                )
                return

    def _check_trust(self, known: list[_End]) -> None:
        """No target gets what is meant for one that is trusted more."""
        for end in known:
            if end.trust < TRUST.index(end.pipeline.trust):
                self._error(
                    f"backend `{end.to.backend}` is trusted as `{end.backend.trust}`, but pipeline "
                    f"`{end.to.pipeline}` redacts for `{end.pipeline.trust}` alone",
                    "lead to it through a pipeline that redacts for it, or say that it is trusted",
                )
        for one in known:
            for other in known:
                if other.trust <= one.trust and other.to.pipeline != one.to.pipeline:
                    self._check_fallback(one, other)

    def _check_fallback(self, one: _End, other: _End) -> None:
        """What goes to a target that is trusted no more is hidden no less."""
        here, there = self._hiding(one), self._hiding(other)
        through = f"pipeline `{other.to.pipeline}`"
        fallback = f"a fallback to backend `{other.to.backend}`"
        if missing := [name for kind, name in here.items() if kind not in there]:
            self._error(
                f"{fallback} would go out without {listed(missing)}, through which requests to "
                f"`{one.to.backend}` go",
                f"take `observe` out of {through}"
                if other.pipeline.observe
                else f"list it in `pre` of {through}",
            )
        if more := sorted(_passed(other.pipeline) - _passed(one.pipeline)):
            self._error(
                f"{fallback} would go out with {listed(more)} that nobody has looked into, which "
                f"requests to `{one.to.backend}` do not",
                f"take it out of `uninspected` of {through}",
            )
        plugins = self._draft.plugins
        for kind, name in here.items():
            twin = there.get(kind, name)
            same = plugins.get(name) == plugins.get(twin)
            if not same and one.pipeline.trust == other.pipeline.trust:
                self._warn(
                    f"{fallback} goes through `{twin}`, which has other options than `{name}`",
                    f"see that it hides as much, or say with `trust` for whom {through} will do",
                )

    def _hiding(self, end: _End) -> dict[type[Plugin], str]:
        """The kinds of plugins that change requests and restore replies, with their names."""
        if end.pipeline.observe:
            return {}
        plugins = ((self._draft.plugins.get(name), name) for name in end.pipeline.pre)
        return {type(one): name for one, name in plugins if one and len(one.sides()) == 2}

    def _check_order(self, known: list[_End]) -> None:
        route = self._route
        if route.order == "weighted" and len(known) < 2:
            self._warn("there is but one target to draw", "name more targets", "order")
        if route.order != "cheapest":
            return
        for end in known:
            if end.info.price is None:
                self._warn(
                    f"the price of `{end.to.model or '*'}` at `{end.to.backend}` is not known, so "
                    "it comes last",
                    f'write `models."…".price` of backend `{end.to.backend}`',
                    "order",
                )
        found = {currency(end.info.price) for end in known if end.info.price is not None} - {""}
        if len(found) > 1:
            self._error(
                f"prices in {listed(sorted(found))} cannot be compared", "write all in one", "order"
            )

    def _check_costs(self, known: list[_End]) -> None:
        for end in known:
            if end.to.max_cost is not None and end.info.price is None:
                self._error(
                    f"`max_cost` needs the price of `{end.to.model or '*'}` at `{end.to.backend}`",
                    f'write `models."…".price` of backend `{end.to.backend}`',
                )

    def _error(self, what: str, remedy: str, member: str = "") -> None:
        self._problems.error(self._at(member), what, remedy)

    def _warn(self, what: str, remedy: str, member: str = "") -> None:
        self._problems.warn(self._at(member), what, remedy)

    def _at(self, member: str) -> str:
        return f"{self._place}.{member}" if member else self._place


def _passed(pipeline: PipelineConfig) -> set[str]:
    """The content that leaves without anybody having looked into it."""
    return {name for name, policy in pipeline.policies.items() if policy == "pass"}


def _check_models(place: str, backend: Backend, problems: Problems) -> None:
    for name, info in backend.models.items():
        if info.tokenizer and (why := problem(info.tokenizer)):
            what, remedy = divided(why, "correct it")
            problems.error(f"{join(f'{place}.models', name)}.tokenizer", what, remedy)
        if info.price is not None and not currency(info.price):
            problems.error(
                f"{join(f'{place}.models', name)}.price.unit",
                f"`{info.price.unit}` is no unit of prices",
                f"write a currency and `1M` or `1K` tokens, such as `USD/1M`; there are "
                f"{', '.join(sorted(CURRENCIES))}",
            )
