"""The towns of the world out of libphonenumber's areas."""

import sys
import time

import pytest

from plugins.pii.lexicon import Lexicon
from plugins.pii.towns import towns


def test_towns_of_every_continent_are_known_by_name_and_nothing_of_them_is_kept() -> None:
    began = time.process_time()
    known = towns()
    assert time.process_time() - began < 3
    assert {"oslo", "baltimore", "nantes", "jodhpur", "rajasthan", "toluca"} <= known
    assert not any("," in name or "/" in name for name in known)
    assert not any(name.startswith("phonenumbers.geodata.data") for name in sys.modules)


@pytest.mark.parametrize("name", ["kraków", "krakow", "malmö", "malmo"])
def test_a_town_is_known_as_it_is_typed(lexicon: Lexicon, name: str) -> None:
    assert lexicon.town(name)


@pytest.mark.parametrize("name", ["jürgen", "jurgen", "françois", "francois"])
def test_a_name_is_known_as_it_is_typed(lexicon: Lexicon, name: str) -> None:
    assert lexicon.given(name)


def test_short_names_keep_their_accents(lexicon: Lexicon) -> None:
    assert lexicon.given("zoë")
    assert not lexicon.given("trü")
