"""The policy: what becomes of a finding, by its entity and by who wrote the text it stands in.

A value has one action wherever it stands, the strictest that any of its places asks for: a name
that is hidden in one message and clear in the next is not hidden.
"""

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from msgspec import Struct

from pipeline import Channel

Action = Literal["keep", "replace", "surrogate", "hash", "mask", "mark", "remove", "block"]
"""From the mildest to the strictest."""

Actions = Mapping[str, Action]

ANY = "*"
OUTSIDE = "outside"
"""What the role of texts outside messages is called, such as descriptions of tools."""

EMBEDDINGS = "embeddings"
"""The endpoint whose texts end up in a search index."""

UNSTABLE: frozenset[Action] = frozenset({"replace", "surrogate"})
"""What a value is hidden by in one exchange, and maybe not in the next."""

ROLES = ("system", "developer", "user", "assistant", "tool", "function", OUTSIDE)

_RANK: Mapping[Action, int] = {action: rank for rank, action in enumerate(get_args(Action))}


class Policy(Struct, frozen=True):
    """Which action is asked for. Without any, all is replaced by placeholders."""

    actions: Actions = {}
    role_actions: Mapping[str, Actions] = {}

    def action(self, entity: str, role: str) -> Action:
        """What becomes of a finding in a text of a role; the role's own rule comes first."""
        own = self.role_actions.get(role or OUTSIDE, {})
        for actions in (own, self.actions):
            if action := actions.get(entity) or actions.get(ANY):
                return action
        return "replace"

    def for_embeddings(self, own: Actions) -> "Policy":
        """The policy for texts of an index, with `own` actions for them: one value, one stand-in.

        What roles have is not meant for these texts, which have none.
        """
        stable: dict[str, Action] = {
            entity: "hash" if action in UNSTABLE else action
            for entity, action in self.actions.items()
        }
        return Policy({ANY: "hash", **stable}, {OUTSIDE: own} if own else {})


def rank(action: Action) -> int:
    """How strict an action is."""
    return _RANK[action]


def strictest(one: Action, other: Action) -> Action:
    """The stricter of two actions."""
    return max(one, other, key=rank)


def may_restore(channel: Channel, kinds: Collection[str], tools: Collection[str]) -> bool:
    """Whether values come back in a channel; arguments only for `tools`, by name or `*` for all."""
    if channel.kind not in kinds:
        return False
    return channel.kind != "arguments" or ANY in tools or channel.tool in tools
