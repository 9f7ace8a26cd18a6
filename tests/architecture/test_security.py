"""`docs/security.md` has each requirement of ASVS 5.0.0 up to level 2 once, with a state and a test that is there, or a reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STATES = ("met", "part", "not met", "n/a", "operator")

#: How many requirements of levels 1 and 2 each section has. They are the first ones of their section.
SECTIONS = {
    "V1": (2, 9, 11, 3, 2), "V2": (3, 3, 4, 1), "V3": (0, 2, 4, 6, 5, 0, 2), "V4": (3, 1, 2, 4), "V5": (1, 3, 2, 3), "V6": (3, 12, 4, 4, 5, 3, 0, 4),
    "V7": (3, 4, 2, 5, 2, 2), "V8": (2, 3, 1, 1), "V9": (3, 4), "V10": (2, 2, 4, 11, 5, 2, 3), "V11": (2, 3, 3, 4, 1, 1, 0), "V12": (3, 2, 4),
    "V13": (1, 5, 2, 5), "V14": (2, 4, 3), "V15": (3, 3, 7, 0), "V16": (1, 5, 4, 3, 3), "V17": (1, 4, 2),
}


class Line(NamedTuple):
    id: str
    level: str
    what: str
    state: str
    proof: str


def lines() -> list[Line]:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return [Line(*(part.strip() for part in line.strip("|").split("|"))) for line in text.splitlines() if re.match(r"\| V\d", line)]


def test_each_requirement_stands_there_once() -> None:
    wanted = [
        f"{chapter}.{section}.{number}" for chapter, counts in SECTIONS.items() for section, count in enumerate(counts, 1) for number in range(1, count + 1)
    ]
    assert len(wanted) == 253
    assert Counter(line.id for line in lines()) == Counter(wanted)
    assert {line.level for line in lines()} == {"1", "2"}
    assert sum(line.level == "1" for line in lines()) == 70


def test_each_line_has_a_state_and_a_test_or_a_reason() -> None:
    for line in lines():
        assert line.state in STATES, line
        assert len(line.what) >= 5, line
        tests = re.findall(r"tests/[\w/]+\.py", line.proof)
        assert tests or line.proof == "–", line
        for path in tests:
            assert (ROOT / path).is_file(), path
        documents = line.id.split(".")[1] == "1" and re.match(r"V(2|6|7|8|11|13|14|15|16)\.", line.id)
        assert tests or line.state != "met" or documents, f"{line.id} is claimed without a test"


def test_what_is_said_in_sum_is_what_stands_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    count = Counter(line.state for line in lines())
    assert f"Met {count['met']}, in part {count['part']}, not met {count['not met']}, n/a {count['n/a']}, operator {count['operator']}." in text
