"""The list of models, as clients expect it, with what the configuration says besides."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from pipeline.core.catalog import CAPABILITIES, Capability, ModelInfo, Price
from pipeline.setup.build import Running
from pipeline.setup.config import RouteConfig

T = TypeVar("T")


class Model(Struct, omit_defaults=True):
    """A model that clients may ask for. What its targets do not agree on is left out, but for the
    capabilities, which are those that some target has.
    """

    id: str
    object: str = ""
    created: int = -1
    owned_by: str = ""
    label: str = ""
    description: str = ""
    capabilities: Sequence[Capability] | None = None
    context: int | None = None
    price: Price | None = None


class Models(Struct):
    """The models that clients may ask for."""

    data: Sequence[Model]
    object: str = "list"


def models(running: Running | None) -> Models:
    """The models that the configuration names exactly."""
    if running is None:
        return Models([])
    routes = running.config.models
    return Models([_model(name, routes[name], all_) for name, all_ in running.models().items()])


class AnthropicModel(Struct):
    """A model as Anthropic's clients expect it."""

    id: str
    display_name: str
    created_at: str = "1970-01-01T00:00:00Z"
    type: str = "model"


class AnthropicModels(Struct):
    """The models as Anthropic's clients expect them: all on one page."""

    data: Sequence[AnthropicModel]
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool = False


def anthropic_models(running: Running | None) -> AnthropicModels:
    """The same models for Anthropic's clients."""
    found = [AnthropicModel(one.id, one.label or one.id) for one in models(running).data]
    if not found:
        return AnthropicModels([])
    return AnthropicModels(found, found[0].id, found[-1].id)


def _model(name: str, route: RouteConfig, infos: Sequence[ModelInfo]) -> Model:
    known = [one.capabilities for one in infos if one.capabilities is not None]
    able: list[Capability] = [one for one in CAPABILITIES if any(one in each for each in known)]
    return Model(
        id=name,
        object="model",
        created=0,
        owned_by="privet",
        label=route.label,
        description=route.description,
        capabilities=able if len(known) == len(infos) else None,
        context=_agreed([one.context for one in infos]),
        price=_agreed([one.price for one in infos]),
    )


def _agreed(values: Sequence[T]) -> T | None:
    """What all say."""
    return values[0] if values and all(one == values[0] for one in values) else None
