"""What becomes of values, written into the receipt: kinds and places, and never a value."""

from collections.abc import Callable

from pipeline import Exchange, Text
from plugins.hiding.redaction import Note
from plugins.hiding.vault import Vault
from plugins.hiding.words import Place


def noted(exchange: Exchange) -> Note:
    """Writes down every place that a redaction hides or keeps."""

    def note(text: Text, place: Place, as_it_came: bool) -> None:
        exchange.receipt.found(
            text,
            place.entity,
            place.action,
            span=(place.start, place.end) if as_it_came else None,
            score=place.score,
            recogniser=place.source,
        )

    return note


def noted_restores(exchange: Exchange, vault: Vault) -> Callable[[str], None]:
    """Writes down every placeholder that is restored."""

    def note(token: str) -> None:
        exchange.receipt.restored(vault.entity(vault.values[token]))

    return note
