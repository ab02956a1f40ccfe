"""Places on earth by their degrees."""

import re

from presidio_analyzer import Pattern

from plugins.pii.results import Hinted

WEAK = 0.2
"""Counts only after a context word."""


class Coordinates(Hinted):
    """Places on earth in degrees; without a sign of degrees or a context word pairs are numbers."""

    number = re.compile(r"\d{1,3}(?:\.\d{3}|°)")
    hints = ("°", "gps", "coord", "lat", "lon", "position", "n,", "s,", "n ", "s ")

    def __init__(self) -> None:
        decimal = r"[-+]?(?:[0-8]?\d|90)\.\d{3,}{0}, ?[-+]?(?:1[0-7]\d|\d{1,2}|180)\.\d{3,}{1}"
        signed = decimal.replace("{0}", r"° ?[NS]?").replace("{1}", r"° ?[EW]?")
        lettered = decimal.replace("{0}", r"°? ?[NS]").replace("{1}", r"°? ?[EW]")
        bare = decimal.replace("{0}", "").replace("{1}", r"(?![\d.])")
        sixty = r"\d{1,3}° ?\d{1,2}['\u2032] ?(?:\d{1,2}(?:\.\d+)?[\"\u2033] ?)?"
        super().__init__(
            "LOCATION",
            patterns=[
                Pattern("degrees", rf"(?<![\w.-]){signed}", 0.8),
                Pattern("letters", rf"(?<![\w.-]){lettered}\b", 0.8),
                Pattern("sixtieths", rf"(?<![\w.]){sixty}[NS],? ?{sixty}[EWO]\b", 0.9),
                Pattern("pair", rf"(?<![\w.-]){bare}", WEAK),
            ],
            context=["gps", "coordinates", "coords", "latitude", "lat", "longitude", "position"],
        )
