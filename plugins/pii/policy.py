"""The policy's options: what becomes of what the recogniser finds."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from msgspec import Meta, field

from plugins.hiding.policy import ANY, EMBEDDINGS, ROLES, UNSTABLE, Action, Actions, Policy
from plugins.hiding.surrogate import SURROGATES
from plugins.pii.options import KNOWN_ENTITIES, RecogniserOptions
from plugins.pii.suggest import did_you_mean

Endpoint = Literal["embeddings"]

SENSITIVE = tuple(
    """CREDIT_CARD IBAN_CODE US_BANK_NUMBER CRYPTO US_SSN US_PASSPORT US_DRIVER_LICENSE UK_NHS
    UK_NINO NATIONAL_ID PASSPORT DRIVER_LICENSE MEDICAL_RECORD""".split()
)


class PolicyOptions(RecogniserOptions, frozen=True, kw_only=True):
    """What becomes of what the recogniser finds."""

    actions: Annotated[
        Actions,
        Meta(
            description="What becomes of a finding, by entity; `*` stands for all others: "
            "`replace` by a placeholder, which alone is restored; `surrogate`, a made-up value of "
            "the same kind; `hash`, a keyed digest; `mask`, a `*` for each character; `mark`, the "
            "kind alone, such as `[PERSON]`; `remove`; `keep` as it is; `block`, which refuses the "
            "request. The default is `replace`."
        ),
    ] = field(default_factory=dict[str, Action])
    role_actions: Annotated[
        Mapping[str, Actions],
        Meta(
            description="Other actions for the texts of a role: `system`, `developer`, `user`, "
            "`assistant`, `tool`, `function`, or `outside` of messages. A value that stands in "
            "several places gets the strictest action of them in all."
        ),
    ] = field(default_factory=dict[str, Actions])
    endpoint_actions: Annotated[
        Mapping[Endpoint, Actions],
        Meta(
            description="Other actions for an endpoint. In `embeddings`, what `actions` replaces "
            "or gives a surrogate gets a `hash`, which is the same in every request: anything else "
            "would spoil a search index. It needs `identity_key`; `mark` needs none. "
            "`role_actions` is for chat alone."
        ),
    ] = field(default_factory=dict[Endpoint, Actions])
    sensitive_entities: Annotated[
        tuple[str, ...],
        Meta(
            description="Entities that label an exchange `sensitive`, besides `pii` and the names "
            "of the entities, for routing."
        ),
    ] = SENSITIVE

    def policy(self, endpoint: str = "chat") -> Policy:
        """The actions of these options."""
        policy = Policy(self.actions, self.role_actions)
        if endpoint == EMBEDDINGS:
            return policy.for_embeddings(self.endpoint_actions.get(EMBEDDINGS, {}))
        return policy

    def problems(self) -> list[str]:
        """What is wrong with these options; imports no model."""
        return [
            *super().problems(),
            *self._action_problems("actions", self.actions),
            *self._role_problems(),
            *self._endpoint_problems(),
            *self.unknown_entities("sensitive_entities", self.sensitive_entities),
        ]

    def _role_problems(self) -> Iterable[str]:
        yield from self.unknown_roles("role_actions", self.role_actions)
        for role, actions in self.role_actions.items():
            yield from self._action_problems(f"role_actions.{role}", actions)

    def _endpoint_problems(self) -> Iterable[str]:
        for endpoint, actions in self.endpoint_actions.items():
            where = f"endpoint_actions.{endpoint}"
            yield from self._action_problems(where, actions)
            for action in sorted(UNSTABLE.intersection(actions.values())):
                yield (
                    f"{where}: `{action}` may differ from one request to the next, which spoils an "
                    "index; use `hash`, `mark` or another action"
                )

    def _action_problems(self, where: str, actions: Actions) -> Iterable[str]:
        yield from self.unknown_entities(where, actions)
        looked_for = self._looked_for()
        for entity, action in actions.items():
            if looked_for and entity in KNOWN_ENTITIES - looked_for:
                yield f"{where}: `{entity}` is not looked for; add it to `entities`"
            others = looked_for - actions.keys() if entity == ANY else {entity}
            made = sorted(others - SURROGATES) if action == "surrogate" else []
            for one in made:
                yield (
                    f"{where}: there is no surrogate for `{one}`; use another action, such as "
                    "`replace` or `hash`"
                )

    def unknown_entities(self, where: str, entities: Iterable[str]) -> Iterable[str]:
        """A problem for each entity that nothing finds."""
        if self.recognisers:  # What they find is known once they are loaded.
            return
        known = KNOWN_ENTITIES | self._looked_for()
        for entity in entities:
            if entity not in known and entity != ANY:
                yield f"{where}: nothing finds `{entity}`{did_you_mean(entity, known)}"

    def unknown_roles(self, where: str, roles: Iterable[str]) -> Iterable[str]:
        """A problem for each role that there is not."""
        for role in roles:
            if role not in ROLES and not (role == ANY and where == "restore_roles"):
                yield f"{where}: there is no role `{role}`{did_you_mean(role, ROLES)}"

    def _looked_for(self) -> set[str]:
        own = {pattern.entity for pattern in self.patterns}
        return {*self.entities, *self.deny, *own}
