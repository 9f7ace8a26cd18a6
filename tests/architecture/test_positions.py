"""Only the log counts with positions: behind a record comes `Stored.next`, which is not its offset plus one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTED = re.compile(r"\.offset\s*\+\s*1\b")


def test_nobody_adds_to_an_offset() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in ("services", "gateway", "launcher", "chassis", "contracts")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "eventlog" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COUNTED.search(line)
    ]
    assert found == [], "keep `record.next` instead: offsets of the log are not counted one by one"
