"""Every command of the interaction service's README and of its pages, executed as pasted: only the ports are this run's."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from chassis import settings
from tests.support.upright import ROOT, Upright, upright

README: Final = ROOT / "services/interaction/README.md"
PAGES: Final = sorted((ROOT / "docs/interactions").glob("*.md"))
#: As often as a reader would look again for what was told a moment ago.
PATIENCE: Final = 20.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def up() -> Iterator[Upright]:
    """A platform nobody has told anything yet, as whoever reads the first page has it."""
    with upright() as running:
        yield running


def commands(page: Path) -> list[str]:
    """Each command of each block: a line, and those its quotes or a backslash make part of it."""
    found: list[str] = []
    for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        begun = ""
        for line in block.splitlines():
            begun += line + "\n"
            if not line.endswith("\\") and _closed(begun):
                found.append(begun.strip())
                begun = ""
        assert not begun, f"{page.name}: a quote is left open in {begun}"
    return found


def _closed(text: str) -> bool:
    try:
        shlex.split(text.replace("\\\n", " "))
    except ValueError:
        return False
    return True


@dataclass
class Reader:
    """Somebody who goes through a page from the top to the end in one shell."""

    up: Upright
    folder: Path
    known: dict[str, str]

    def paste(self, command: str) -> None:
        """Fails where a curl does; what only reads is asked again for a while, since what was told a moment ago is on its way."""
        used = set(re.findall(r"\$\{?([A-Z][A-Z0-9]*)", command))
        assert used <= self.known.keys(), f"nothing is known of {used - self.known.keys()}: {command}"
        deadline = time.monotonic() + PATIENCE
        while (fault := self._once(command)) and not re.search(r" -s?X | -d |smtp:", command) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not fault, f"{command}\n{fault}"

    def _once(self, command: str) -> str:
        """What went wrong; empty if nothing did."""
        assigned = re.match(r"([A-Z]+)=", command)
        script = 'curl() { command curl -sS --fail-with-body --max-time 20 "$@"; }\n' + command.replace("127.0.0.1:8105", f"127.0.0.1:{self.up.port + 25}")
        if " -N " in command:  # a stream has no end: two seconds of it
            script = script.replace("--max-time 20", "--max-time 2") + " || [ $? = 28 ]"
        if assigned:
            script += f'\nprintf %s "${assigned[1]}"'
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, env={**settings.environment(), **self.known}, capture_output=True, text=True,
            timeout=60, check=False,
        )
        if done.returncode or (assigned and done.stdout in {"", "null"}):
            return f"{done.returncode} {done.stdout[-800:]}{done.stderr[-400:]}"
        if assigned:
            self.known[assigned[1]] = done.stdout
        return ""


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_every_command_works_as_it_stands(up: Upright, tmp_path: Path, page: Path) -> None:
    up.ask("POST", "/api/v1/customers?upsert=true", {"identities": ["user:42"]}, expect=None)
    reader = Reader(up, tmp_path, {"URL": up.url, "KEY": up.admin_key})
    found = commands(page)
    assert found
    for command in found:
        reader.paste(command)


def test_the_pages_are_those_the_readme_names() -> None:
    named = set(re.findall(r"\(\.\./\.\./docs/interactions/(\w+)\.md\)", README.read_text(encoding="utf-8")))
    assert named == {page.stem for page in PAGES}
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 80


def test_every_path_of_the_readme_is_there(up: Upright) -> None:
    merged = up.ask("GET", "/openapi.json")["paths"]
    known = {tuple(path.split("/")[3:6]) for path in merged}
    table = "".join(line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| ["))
    told = [path for path in re.findall(r"`(/[a-z][\w/{}-]*)`", table) if not path.startswith(("/s/", "/f/", "/in/", "/deputy"))]
    assert len(told) > 40
    for path in told:
        parts = tuple(path.replace("customers/{id}", "customers/{customer_id}").split("/")[1:])
        assert any(_alike(parts, each) for each in known), path


def _alike(told: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Names of variables do not count."""
    return len(known) >= len(told) and all(mine == theirs or (mine[:1] == theirs[:1] == "{") for mine, theirs in zip(told, known, strict=False))


def test_every_refusal_of_the_tables_is_provoked_by_a_test() -> None:
    """A code in the tables of bad input stands in a test of the service."""
    rows = [line.split("|") for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    codes = {code for row in rows for code in re.findall(r"`([a-z_]+\.[a-z_]+)`", row[2])}
    assert len(codes) > 40
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/interaction").rglob("*.py"))
    assert sorted(code for code in codes if code not in tests) == []
