"""How well and how fast personal data is recognised, beside Presidio as shipped.

Quality on labelled text, false alarms on text in which nothing is personal, and speed in characters
per CPU second, all with the same spaCy model. Needs no network.

Usage: `python benchmarks/pii.py [--data DIR] [--errors N]`, or `make bench-pii`.
"""

import argparse
import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

os.environ |= {
    "TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

import spacy
from measures import ordinary
from measures.labelled import FOLDS, KINDS, SYNTH, WNUT, Found, Row, folds, lowered, rows
from measures.scores import PersonalOrNot, covered, typed_overlap
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from plugins.pii.analysis import Analysis
from plugins.pii.entities import ENTITIES
from plugins.pii.options import DEFAULT_MODELS, TIERS, RecogniserOptions, Tier

Detector = Callable[[Sequence[str]], list[list[Found]]]

MODEL = DEFAULT_MODELS["en"]
WITH_MODEL: tuple[Tier, ...] = (*TIERS, "model")
EVERYTHING = tuple(dict.fromkeys([*ENTITIES, "DATE_TIME", "NRP", "ORGANIZATION", "URL"]))
"""All kinds that `synth_dev` labels."""
PROMPT = 1_000
"""Characters of the texts that speed is measured on."""


def privet(
    entities: Sequence[str] = ENTITIES, *, ner: bool = True, tiers: tuple[Tier, ...] = TIERS
) -> Detector:
    """Our recogniser."""
    analysis = Analysis(RecogniserOptions(entities=tuple(entities), tiers=tiers))

    def find(texts: Sequence[str]) -> list[list[Found]]:
        out: list[list[Found]] = []
        for findings in analysis.find(texts, [ner] * len(texts)):
            if isinstance(findings, str):
                raise RuntimeError(findings)
            out.append([Found(one.start, one.end, one.entity) for one in findings])
        return out

    return find


def presidio() -> Detector:
    """Presidio's analyser with its defaults."""
    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": MODEL}],
    }
    provider = NlpEngineProvider(nlp_configuration=configuration)
    engine = AnalyzerEngine(nlp_engine=provider.create_engine())

    def find(texts: Sequence[str]) -> list[list[Found]]:
        return [
            [Found(one.start, one.end, one.entity_type) for one in engine.analyze(text, "en")]
            for text in texts
        ]

    return find


def ner_alone() -> Detector:
    """The model's people, as it says."""
    model = spacy.load(MODEL)

    def find(texts: Sequence[str]) -> list[list[Found]]:
        return [
            [Found(e.start_char, e.end_char, e.label_) for e in doc.ents if e.label_ == "PERSON"]
            for doc in model.pipe(texts)
        ]

    return find


def findings(detector: Detector, given: Sequence[Row]) -> list[list[Found]]:
    """What a detector finds in rows, by the names of the labels."""
    return [
        [one._replace(kind=KINDS.get(one.kind, one.kind)) for one in found]
        for found in detector([row.text for row in given])
    ]


def show(name: str, *columns: object) -> None:
    """One line of the table."""
    print(f"{name:46}", *(f"{_written(one):>7}" for one in columns), flush=True)


def _written(value: object) -> str:
    return f"{value:.3f}".lstrip("0") if isinstance(value, float) else str(value)


def quality(name: str, detector: Detector, synth: Sequence[Row], errors: int) -> None:
    """Scores on `synth_dev`, the spread over groups of its templates, and each kind."""
    found = findings(detector, synth)
    show(name, *_scores(synth, found))
    parts = [
        _scores([synth[at] for at in fold], [found[at] for at in fold]) for fold in folds(synth)
    ]
    columns = [*zip(*parts, strict=True)]
    show(f"  mean of {FOLDS} folds of whole templates", *map(fmean, columns))
    show("  worst fold of each column", *map(min, columns))
    for kind, score in typed_overlap(synth, found).items():
        if kind:
            show(f"    {kind}", score.precision, score.recall, score.f2)
    if errors:
        _show_errors(synth, found, errors)


_binary = PersonalOrNot()


def _scores(
    given: Sequence[Row], found: Sequence[Sequence[Found]]
) -> tuple[float, float, float, float, float]:
    """What the columns of the table hold."""
    typed = typed_overlap(given, found)[""]
    binary = _binary(given, found).f2
    return typed.precision, typed.recall, typed.f2, covered(given, found), binary


def _show_errors(given: Sequence[Row], found: Sequence[Sequence[Found]], count: int) -> None:
    """The values that were missed and wrongly found most often."""
    missed: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for row, spans in zip(given, found, strict=True):
        for label in row.gold:
            if not any(one.start < label.end and label.start < one.end for one in spans):
                missed[label.kind, row.text[label.start : label.end]] += 1
        for one in spans:
            if not any(one.start < label.end and label.start < one.end for label in row.gold):
                wrong[one.kind, row.text[one.start : one.end]] += 1
    for what, counter in (("missed", missed), ("wrong", wrong)):
        for (kind, value), times in counter.most_common(count):
            print(f"      {what} {kind} {times} {value!r}")


def people(name: str, detector: Detector, given: Sequence[Row]) -> None:
    """The score of names of people."""
    score = typed_overlap(given, findings(detector, given))["PERSON"]
    show(name, score.precision, score.recall, score.f2)


def false_alarms(name: str, detector: Detector, errors: int) -> None:
    """Findings in text in which nothing is personal."""
    texts = ordinary.texts()
    kinds: Counter[str] = Counter()
    values: Counter[tuple[str, str]] = Counter()
    for text, found in zip(texts, detector(texts), strict=True):
        kinds.update(one.kind for one in found)
        values.update((one.kind, text[one.start : one.end]) for one in found)
    show(name, 1_000 * kinds.total() / ordinary.LINES)
    print("   ", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    for (kind, value), times in values.most_common(errors):
        print(f"      {kind} {times} {value!r}")


def speed(name: str, detector: Detector, given: Sequence[Row]) -> None:
    """Characters per CPU second on prompts of one length."""
    running = " ".join(row.text for row in given)
    prompts = [running[at : at + PROMPT] for at in range(0, len(running) - PROMPT, PROMPT)]
    detector(prompts[:4])
    gc.collect()
    gc.freeze()  # As a worker does.
    best = 0.0
    for _ in range(3):
        began = time.process_time()
        detector(prompts)
        best = max(best, PROMPT * len(prompts) / (time.process_time() - began))
    show(name, round(best))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--errors", type=int, default=0, help="show so many wrong values of each")
    arguments = parser.parse_args()
    errors: int = arguments.errors
    synth = rows(arguments.data / "synth_dev.jsonl", SYNTH)
    wnut = rows(arguments.data / "wnut17_test.jsonl", WNUT)
    shipped, everything = privet(), privet(EVERYTHING)
    patterns, theirs = privet(ner=False), presidio()
    tagged, tagged_everything = privet(tiers=WITH_MODEL), privet(EVERYTHING, tiers=WITH_MODEL)

    print(f"entities by default: {', '.join(ENTITIES)}")
    print(f"all on: {', '.join(one for one in EVERYTHING if one not in ENTITIES)} besides\n")
    show("synth_dev, typed overlap", "P", "R", "F2", "covered", "bin. F2")
    quality("Privet, shipped", shipped, synth, errors)
    quality("Privet, all on", everything, synth, 0)
    quality("Privet, shipped, with model", tagged, synth, 0)
    quality("Privet, all on, with model", tagged_everything, synth, errors)
    quality("Presidio, shipped", theirs, synth, 0)

    print()
    show("PERSON, typed overlap", "P", "R", "F2")
    for title, given in (
        ("synth_dev", synth),
        ("synth_dev in lower case", lowered(synth)),
        ("wnut17_test", wnut),
        ("wnut17_test in lower case", lowered(wnut)),
    ):
        for name, detector in (
            ("Privet", shipped),
            ("Privet with model", tagged),
            ("Presidio", theirs),
            ("NER alone", ner_alone()),
        ):
            people(f"{title}, {name}", detector, given)

    print()
    show("findings per 1,000 lines of code and logs", "")
    false_alarms("Privet, shipped", shipped, errors)
    false_alarms("Privet, all on", everything, 0)
    false_alarms("Privet, shipped, with model", tagged, errors)
    false_alarms("Presidio, shipped", theirs, 0)

    print()
    show(f"characters per CPU second, texts of {PROMPT:,}", "")
    speed("Privet, shipped", shipped, synth + wnut)
    speed("Privet, patterns alone", patterns, synth + wnut)
    speed("Privet, shipped, with model", tagged, (synth + wnut)[:600])
    speed("Presidio, shipped", theirs, (synth + wnut)[:300])


if __name__ == "__main__":
    main()
