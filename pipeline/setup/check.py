"""Whether the parts of a configuration fit together.

An error is what cannot work, or would break a promise. A warning is what works, but probably not as
it was meant.
"""

from collections.abc import Sequence
from typing import Literal

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin
from pipeline.dialects.known import uninspected
from pipeline.setup.check_routes import check_routes, ends
from pipeline.setup.config import PipelineConfig
from pipeline.setup.draft import Draft
from pipeline.setup.environment import join
from pipeline.setup.problems import Problems, divided, listed, suggest

Side = Literal["pre", "post"]

_SHORTEST_KEY = 16

_NEED_WORDS = (
    ("retrieves", "searches with", "; what it adds goes through it all the same"),
    ("whole_values", "looks for whole values in", ", so that no part of one hides what it is"),
)
"""Properties that plugins may have, and what goes wrong behind another plugin."""


def check(draft: Draft, problems: Problems) -> None:
    """Report all that is wrong with how the parts fit together."""
    for section, parts in (("plugins", draft.plugins), ("backends", draft.backends)):
        for name, part in parts.items():
            if part is not None:
                _ask(part, join(section, name), problems)
    for name, pipeline in draft.pipelines.items():
        if pipeline is not None:
            _Pipeline(pipeline, draft.plugins, join("pipelines", name), problems).check()
    _check_key(draft, problems)
    check_routes(draft, problems)
    _check_unused(draft, problems)


def _ask(part: Plugin | Backend, place: str, problems: Problems) -> None:
    """Let a plugin or backend say what is wrong with its options."""
    try:
        for message in part.problems():
            problems.error(place, *divided(message, "change the options of this table"))
    except Exception as error:
        # The message may quote an option, and options may be secrets.
        problems.error(
            place, f"its own check raised {type(error).__name__}", "tell the author of its code"
        )


class _Pipeline:
    """The checks of one pipeline. Plugins of which an error has been reported are passed over."""

    def __init__(
        self,
        pipeline: PipelineConfig,
        plugins: dict[str, Plugin | None],
        place: str,
        problems: Problems,
    ):
        self._pipeline = pipeline
        self._plugins = plugins
        self._place = place
        self._problems = problems

    def check(self) -> None:
        self._check_list("pre", self._pipeline.pre)
        self._check_list("post", self._pipeline.post)
        self._check_pairs()
        self._check_words()
        self._check_restoring()
        self._check_waiting()
        self._check_uninspected()
        self._check_observing()

    def _check_list(self, side: Side, names: Sequence[str]) -> None:
        place = f"{self._place}.{side}"
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self._problems.error(place, f"`{name}` is listed twice", "list it once")
            plugin = self._plugins.get(name)
            if plugin is not None and side not in plugin.sides():
                other = listed(sorted(plugin.sides()))
                self._problems.error(
                    place, f"`{name}` does nothing in this list", f"list it in {other}"
                )

    def _check_pairs(self) -> None:
        """What is done to a request is mostly to be undone in its reply."""
        pre, post = self._pipeline.pre, self._pipeline.post
        for name in dict.fromkeys((*pre, *post)):
            if not self._two_sided(name) or (name in pre and name in post):
                continue
            missing = "post" if name in pre else "pre"
            self._problems.warn(
                self._place,
                f"`{name}` works on requests and replies, but is missing from `{missing}`",
                "list it there too, unless half of it is what you want",
            )

    def _check_words(self) -> None:
        """What searches for passages, or looks for whole values, needs the words that the user
        wrote.
        """
        changed_by = ""
        for name in self._pipeline.pre:
            plugin = self._plugins.get(name)
            for property_, what, why in _NEED_WORDS:
                if changed_by and getattr(plugin, property_, False):
                    self._problems.warn(
                        f"{self._place}.pre",
                        f"`{name}` {what} a text that `{changed_by}` has changed",
                        f"list `{name}` before `{changed_by}`{why}",
                    )
            if self._two_sided(name) and not changed_by:
                changed_by = name

    def _check_restoring(self) -> None:
        """A value is restored first, so that what guards the client sees it."""
        finisher = ""
        for name in self._pipeline.post:
            if self._two_sided(name) and finisher:
                self._problems.error(
                    f"{self._place}.post",
                    f"`{name}` would put text into a reply that `{finisher}` has finished",
                    f"list `{name}` before `{finisher}`",
                )
            elif self._sides(name) == frozenset({"post"}) and not finisher:
                finisher = name

    def _check_waiting(self) -> None:
        for name in self._pipeline.post:
            plugin = self._plugins.get(name)
            if plugin is not None and plugin.whole:
                self._problems.warn(
                    f"{self._place}.post",
                    f"`{name}` needs the complete reply: a client that streams gets its first "
                    "word only after the model's last",
                    "change its options or leave it out where that is too late",
                )

    def _check_uninspected(self) -> None:
        known = uninspected()
        for name in self._pipeline.policies:
            if name not in known:
                self._problems.error(
                    f"{self._place}.uninspected",
                    f"no content is called `{name}`",
                    suggest(name, known),
                )

    def _check_observing(self) -> None:
        accepted = self._pipeline.i_accept_clear_text
        if self._pipeline.observe and not accepted:
            self._problems.error(
                self._place,
                "`observe` sends requests as they are, personal data and all",
                "write `i_accept_clear_text = true` beside it if that is what you want",
            )
        if accepted and not self._pipeline.observe:
            self._problems.warn(
                f"{self._place}.i_accept_clear_text",
                "nothing is sent in clear text here without `observe`",
                "take it out, so that nobody sets `observe` by mistake",
            )

    def _sides(self, name: str) -> frozenset[Side]:
        plugin = self._plugins.get(name)
        return plugin.sides() if plugin is not None else frozenset()

    def _two_sided(self, name: str) -> bool:
        return len(self._sides(name)) == 2


def _check_key(draft: Draft, problems: Problems) -> None:
    key = draft.service.receipt_key if draft.service is not None else ""
    if 0 < len(key) < _SHORTEST_KEY:
        problems.error(
            "service.receipt_key",
            "the key is so short that it can be guessed",
            "take one of `openssl rand -hex 32`",
        )


def _check_unused(draft: Draft, problems: Problems) -> None:
    """Name what nothing leads to, unless what should lead there may be what is broken."""
    if not draft.models or None in draft.models.values():
        return
    used_ends = list(ends(draft.models))
    for section, parts, used in (
        ("pipelines", draft.pipelines, {end.pipeline for end in used_ends}),
        ("backends", draft.backends, {end.backend for end in used_ends}),
    ):
        for name in parts:
            if name not in used:
                remedy = "name it in `[models]`, or delete it"
                problems.warn(join(section, name), "no model leads here", remedy)
    if None in draft.pipelines.values():
        return
    listed_somewhere = {name for _place, name in draft.listings()}
    for name in draft.plugins:
        if name not in listed_somewhere:
            remedy = "list it in one, or delete it"
            problems.warn(join("plugins", name), "no pipeline lists it", remedy)
