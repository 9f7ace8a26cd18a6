"""The tree keeps the plan: rooms, sizes, names, words, and services that boot alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import publishing, roster

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("contracts", "chassis", "services", "gateway", "launcher")
ROOMS = ("README.md", "manifest.py", "api", "schemas", "commands", "queries", "store", "tables", "domain", "errors", "settings.py", "migrations")
BANNED_NAMES = {"common", "core", "utils", "util", "helpers", "helper", "base", "misc", "manager"}
SHAPE_WORDS = re.compile(r"\b(embedded|kafka|aiokafka|inproc|in-process|single machine)\b", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")


def sources(*tops: str) -> list[Path]:
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py") if "__pycache__" not in path.parts)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("service", roster.SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = ROOT / "services" / service
    present = {path.name for path in folder.iterdir()}
    missing = [room for room in ROOMS if room not in present and f"{room}.py" not in present]
    assert not missing, f"services/{service} lacks {missing}"


def test_no_file_outgrows_400_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(text_of(path).splitlines()) for path in sources(*FLOORS, "tests")}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_no_drawer_without_a_name() -> None:
    found = [path for path in sources(*FLOORS) if path.stem in BANNED_NAMES or set(path.relative_to(ROOT).parts[:-1]) & BANNED_NAMES]
    assert found == []


def test_services_and_gateway_do_not_know_the_deployment_shape() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}" for path in sources("services", "gateway") for match in [SHAPE_WORDS.search(text_of(path))] if match
    ]
    assert found == []


def test_nothing_unfinished() -> None:
    found = [str(path.relative_to(ROOT)) for path in sources(*FLOORS) if UNFINISHED.search(text_of(path))]
    assert found == []


def test_only_the_adapter_imports_the_kafka_client() -> None:
    found = [
        str(path.relative_to(ROOT)) for path in sources(*FLOORS)
        if re.search(r"^\s*(from|import) aiokafka", text_of(path), re.MULTILINE) and "chassis/eventlog/kafka" not in str(path)
    ]
    assert found == []


def test_sql_is_bound_never_formatted() -> None:
    formatted = re.compile(r"""(execute|fetch|fetchrow|fetchval|executemany)\(\s*f["']""")
    found = [str(path.relative_to(ROOT)) for path in sources("services", "gateway", "chassis") if formatted.search(text_of(path))]
    assert found == []


def test_generated_documents_are_up_to_date() -> None:
    stale = [name for name, text in publishing.pages().items() if text_of(ROOT / "docs" / name) != text]
    assert stale == [], "run `make contracts`"


@pytest.mark.parametrize("service", roster.SERVICES)
def test_a_service_boots_without_its_siblings(service: str, tmp_path: Path) -> None:
    for floor in ("contracts", "chassis"):
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").touch()
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service, ignore=shutil.ignore_patterns("__pycache__"))
    script = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from services.{service}.manifest import MANIFEST
from chassis import web
class Running: ...
async def ready(): return []
import services
assert services.__file__.startswith({str(tmp_path)!r})
app = web.build(MANIFEST, Running(), ready=ready, runtime=None) if not MANIFEST.mounts else MANIFEST
print(MANIFEST.name)
"""
    done = subprocess.run([sys.executable, "-S", "-c", f"import site, sys; sys.path += {sys.path!r}; sys.path = [p for p in sys.path if p not in ('', {str(ROOT)!r})]\n{script}"],
                          capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.strip() == service, done.stderr[-2000:]
