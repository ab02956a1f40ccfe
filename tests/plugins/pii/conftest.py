"""What the tests of the recognisers share."""

import pytest
import spacy.util

from plugins.pii.lexicon import Lexicon
from plugins.pii.options import DEFAULT_MODELS


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """The lists of names and words, with English ones."""
    [model] = spacy.util.get_package_path(DEFAULT_MODELS["en"]).glob("*/config.cfg")
    return Lexicon(model.parent)
