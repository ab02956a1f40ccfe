"""Towns of the whole world: what libphonenumber calls the areas of telephone numbers.

Some forty thousand, and many of them are words as well ("Commerce", "Reading"), so what stands
around one has to speak for a place.
"""

import importlib.util
from pathlib import Path

import phonenumbers
import regex

_NAME = regex.compile(r"\p{L}[\p{L}\p{M}'\u2019. -]{3,40}")
_BETWEEN = regex.compile(r"\s*[,/(]\s*| - ")
"""`Jodhpur, Rajasthan`; `Colonização - SP`."""


def towns() -> set[str]:
    """Their names, in lower case, in English and in what is spoken there."""
    found: set[str] = set()
    for path in sorted(Path(phonenumbers.__file__).parent.glob("geodata/data*.py")):
        # One at a time, and none is kept: all of them together take a hundred megabytes.
        spec = importlib.util.spec_from_file_location(f"phonenumbers.geodata.{path.stem}", path)
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        areas = {area for names in module.data.values() for area in names.values()}
        for area in areas:
            found.update(one.lower() for one in _BETWEEN.split(area) if _NAME.fullmatch(one))
    return found
