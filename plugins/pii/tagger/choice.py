"""Which tagger the options choose, what its labels stand for, and what may be wrong with that."""

from collections.abc import Iterator, Mapping

from plugins.pii.suggest import did_you_mean
from plugins.pii.tagger.files import LANGUAGES, RAMPART, Files, NoTagger, files_of, missing_packages
from plugins.pii.tagger.labels import usual_entity

__all__ = ["RAMPART", "languages_of", "meanings_of", "problems"]


def meanings_of(tagger: str, overridden: Mapping[str, str]) -> dict[str, str]:
    """The entity of each label; those of no entity are left out. Empty if there is no tagger."""
    try:
        return _meanings(files_of(tagger), overridden)
    except NoTagger:
        return {}


def languages_of(tagger: str) -> tuple[str, ...]:
    """The languages that a tagger is known to know."""
    return LANGUAGES.get(tagger, ())


def problems(tagger: str, overridden: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the choice; loads no model."""
    if missing := missing_packages():
        names = " and ".join(f"`{name}`" for name in missing)
        yield f"tiers: `model` needs {names}; install Privet's extra `model`, or run `make model`"
    try:
        files = files_of(tagger)
    except NoTagger as error:
        yield f"tagger: {error}"
        return
    for label in sorted(files.kinds):
        if label not in overridden and usual_entity(label) is None:
            yield (
                f"tagger_labels: nobody knows what the label `{label}` stands for; name its "
                f'entity, `{label} = "…"`, or leave it out with `{label} = ""`'
            )
    for label in overridden:
        if label not in files.kinds:
            remedy = did_you_mean(label, files.kinds, "remove it")
            yield f"tagger_labels: the tagger has no label `{label}`{remedy}"


def _meanings(files: Files, overridden: Mapping[str, str]) -> dict[str, str]:
    meanings = {
        label: overridden.get(label, usual_entity(label) or "") for label in sorted(files.kinds)
    }
    return {label: entity for label, entity in meanings.items() if entity}
