"""`docs/security.md` names a test or a reason in each line, and the tests are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_line_has_a_test_or_a_reason() -> None:
    lines = [line for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| V\d", line)]
    assert {int(re.match(r"\| V(\d+)", line)[1]) for line in lines} == set(range(1, 18))  # type: ignore[index]
    for line in lines:
        _, _, what, proof, _ = (part.strip() for part in line.split("|"))
        tests = re.findall(r"tests/[\w/]+(?:\.py)?", proof)
        assert tests or any(word in what for word in ("n/a", "operator", "make ", "open")), line
        for path in tests:
            assert (ROOT / path).exists(), path
