"""What is installed is what was looked at: every lock has hashes and names no index; what the project asks for is in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(
    path for folder in (".", "deploy/supply-chain", "deploy/charts", "tests/sdks/python", "tests/bench/reference") for path in (ROOT / folder).glob("requirements*.lock")
)


def pinned(lock: Path) -> dict[str, list[str]]:
    """Hashes by package and version."""
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name = line.split()[0]
            found[name] = re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_is_pinned_with_hashes_and_no_index_is_named(lock: Path) -> None:
    assert not re.search(r"(?m)^\s*(-i|--(extra-)?index-url|--find-links|-f)\b|https?://|@ file:", lock.read_text(encoding="utf-8"))
    found = pinned(lock)
    assert found
    for name, hashes in found.items():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,-]+\])?==[^=\s]+", name), name
        assert hashes, name


def test_what_the_project_asks_for_is_in_the_locks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, dev = ({name.split("==")[0].split("[")[0].lower().replace("_", "-") for name in pinned(ROOT / lock)} for lock in ("requirements.lock", "requirements-dev.lock"))

    def names(asked: list[str]) -> set[str]:
        return {re.split(r"[\[<>=!~; ]", one)[0].lower().replace("_", "-") for one in asked}

    assert names(project["dependencies"]) <= run
    assert names(project["optional-dependencies"]["dev"]) <= dev | run
