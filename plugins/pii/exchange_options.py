"""The options for what happens in an exchange: what is restored, swept and refused."""

from typing import Annotated, Literal

from msgspec import Meta

from plugins.pii.options import Score
from plugins.pii.policy import PolicyOptions

Kind = Literal["content", "reasoning", "refusal", "arguments", "other"]


class ExchangeOptions(PolicyOptions, frozen=True, kw_only=True):
    """What happens to values in an exchange."""

    restore: Annotated[
        tuple[Kind, ...],
        Meta(description="In which texts of a reply values are restored."),
    ] = ("content", "reasoning", "refusal", "arguments", "other")
    restore_entities: Annotated[
        tuple[str, ...],
        Meta(description="Of which entities values are restored; `*` stands for all."),
    ] = ("*",)
    restore_roles: Annotated[
        tuple[str, ...],
        Meta(
            description="A value is restored if it stood, as it is spelt, in a text of one of "
            "these roles; the names are those of `role_actions`, and `*` stands for all."
        ),
    ] = ("*",)
    restore_tools: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            description="In the arguments of which tools values are restored, by the tools' exact "
            "names; `*` stands for all. One whose name is not certain when its arguments begin is "
            "none of them."
        ),
    ] = ("*",)
    output: Annotated[
        bool,
        Meta(
            description="Whether personal data that the model brings up itself is replaced by "
            "marks such as `[PERSON]`. A streamed reply then comes by sentences and lines, of 400 "
            "characters at most, and each takes some milliseconds."
        ),
    ] = False
    sweep_length: Annotated[
        int,
        Meta(
            ge=2,
            description="A value of fewer characters is hidden only where it was recognised, not "
            "wherever else it stands.",
        ),
    ] = 3
    sweep_score: Annotated[
        Score,
        Meta(
            description="A name of one word that was recognised only once, with a lower score, is "
            "hidden only where it was recognised."
        ),
    ] = 0.6
    fixed_threshold: Annotated[
        Score,
        Meta(
            description="A finding with this score or more in an id, a function name or another "
            "place that must not be rewritten refuses the request."
        ),
    ] = 0.6
    identity_key: Annotated[
        str,
        Meta(
            description="The key of the digests that `user` and other identities are replaced by, "
            "and of the actions `hash` and `surrogate`. Without it they change with every start of "
            "the service, and embeddings of personal data are refused."
        ),
    ] = ""

    def problems(self) -> list[str]:
        """What is wrong with these options; imports no model."""
        return [
            *super().problems(),
            *self.unknown_entities("restore_entities", self.restore_entities),
            *self.unknown_roles("restore_roles", self.restore_roles),
        ]
