"""`docs/capabilities.md` claims nothing without a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^\| ([A-Z]\d+) \|.*\| (?P<status>[^|]*) \|$", re.MULTILINE)


def test_every_claim_names_a_test_that_is_there() -> None:
    lines = list(LINE.finditer((ROOT / "docs" / "capabilities.md").read_text(encoding="utf-8")))
    assert len({line.group(1) for line in lines}) == len(lines) > 150
    for line in lines:
        status = line.group("status")
        assert status == "–" or status.startswith(("part: tests/", "done: tests/")), line.group(0)
        for path in re.findall(r"tests/[\w/]+(?:\.py)?", status):
            assert (ROOT / path).exists(), f"{line.group(1)} names {path}, which is not there"
