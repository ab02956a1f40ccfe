"""A language model for tests, which takes Xanthor for a person and fails where a text says so."""

import os
import signal
import time
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

FACTORY = "telltale"


@Language.factory(FACTORY)
def make(nlp: Language, name: str) -> "Telltale":
    """For spaCy, which finds this by the entry point that `install` writes."""
    return Telltale()


class Telltale:
    """Stands in a pipeline where the entity recogniser would."""

    def __init__(self) -> None:
        self._failed = False

    def __call__(self, doc: Doc) -> Doc:
        if "RAISE" in doc.text:
            raise ValueError(doc.text)
        if "ONCE" in doc.text and not self._failed:
            self._failed = True
            raise ValueError(doc.text)
        if "HANG" in doc.text:
            time.sleep(60)
        if "KILL" in doc.text:
            os.kill(os.getpid(), signal.SIGKILL)
        at = doc.text.find("Xanthor")
        if at >= 0:
            doc.ents = [doc.char_span(at, at + len("Xanthor"), label="PERSON")]
        return doc


def install(folder: Path) -> str:
    """Save the model into a folder, which is to be on `sys.path`; returns where it is."""
    information = folder / "telltale-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: telltale\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[spacy_factories]\n{FACTORY} = {__name__}:make")
    model = spacy.blank("en")
    model.add_pipe(FACTORY)
    model.to_disk(folder / "model")
    return str(folder / "model")
