"""The list of faults names every test of a fault, and every fault that waits for something."""

import re
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).parent
LIST = FOLDER.parents[1] / "docs" / "faults.md"


def listed() -> dict[int, list[str]]:
    """The rows by number."""
    lines = LIST.read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in one.split(" | ")] for one in lines]
    found = [row for row in rows if re.fullmatch(r"\| \d+", row[0])]
    assert all(len(row) == 5 for row in found), "a row has another number of columns"
    return {int(row[0].removeprefix("| ")): row[1:] for row in found}


def written() -> dict[int, set[str]]:
    """The names of the tests by the number of their fault."""
    out = defaultdict[int, set[str]](set)
    for file in FOLDER.glob("test_*.py"):
        for name, number in re.findall(
            r"^(?:async )?def (test_fault_(\d\d)_\w+)", file.read_text("utf-8"), re.MULTILINE
        ):
            out[int(number)].add(name)
    return out


def test_every_fault_has_a_row_in_order():
    assert list(listed()) == list(range(1, 61))


def test_every_row_names_its_tests_or_what_it_waits_for():
    tests = written()
    assert len(tests) >= 28, "the tests are not found"
    for number, (_fault, sees, upstream, last) in listed().items():
        assert set(re.findall(r"`(test_\w+)`", last)) == tests[number], number
        if tests[number]:
            assert sees != "—", number
            assert upstream != "—", number
        else:
            assert last.startswith("waits"), number
