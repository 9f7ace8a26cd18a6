"""One private PostgreSQL cluster for all tests of a process, started when the first test asks for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import running_cluster

#: `pytest --hypothesis-profile=deep`: many more examples of each property, others in each run.
settings.register_profile("deep", max_examples=1000, deadline=None)
# The usual run tries the same examples each time, so that a change is judged by what it changed. An example may take long on a
# busy machine; what has to be fast is measured elsewhere.
settings.register_profile("usual", deadline=None, derandomize=True)
settings.load_profile("usual")

#: Seconds since 1970 after which no test begins any more: what a slow machine has no time for is named, not cut off in the middle.
UNTIL = float(os.environ.get("TESTS_UNTIL", "inf"))
NO_TIME = "no time was left for it"

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """The size that xdist gives its workers would be that of every screen made at import; commands under test choose their own."""
    for size in ("COLUMNS", "LINES"):
        os.environ.pop(size, None)


class _Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """What goes to one worker in one piece: a file, and all that asks the one platform of tests/e2e."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/e2e" if nodeid.startswith("tests/e2e/") else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Rooms:
    """Used with several workers only."""
    return _Rooms(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers long things come first, so that none is left waiting for the other at the end."""
    if hasattr(config, "workerinput"):
        longest = ("e2e", "integration", "contract", "architecture", "unit")
        items.sort(key=lambda item: [part in item.path.parts for part in longest], reverse=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.time() > UNTIL:
        pytest.skip(NO_TIME)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    left = [report.nodeid for report in terminalreporter.stats.get("skipped", []) if NO_TIME in str(report.longrepr)]
    if left:
        terminalreporter.write_line(f"{len(left)} tests were not run, {NO_TIME}: {' '.join(sorted({one.split('::')[0] for one in left}))}")


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivateCluster]:
    """A real PostgreSQL cluster, one for each worker of a run."""
    with running_cluster(in_memory=True) as running:
        yield running


@pytest.fixture(scope="session")
def example_data() -> Path:
    """The folder of example data; tests ask `example_file` for what they need."""
    return Path(os.environ.get("ECRM_EXAMPLE_DATA", str(ROOT.parent / "shared" / "data")))


@pytest.fixture
def example_file(example_data: Path):  # type: ignore[no-untyped-def]
    """A function: path inside the example data -> Path; skips with the reason when it is absent."""

    def find(name: str) -> Path:
        path = example_data / name
        if not path.exists():
            pytest.skip(f"example data not found: {name}")
        return path

    return find
