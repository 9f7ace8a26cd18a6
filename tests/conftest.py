"""One private PostgreSQL cluster for all tests of a process, started when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import running_cluster

#: `pytest --hypothesis-profile=deep`: many more examples of each property.
settings.register_profile("deep", max_examples=1000, deadline=None)

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers: a file stays with one of them, and so does all that asks the one platform of tests/e2e; long things first."""
    if not hasattr(config, "workerinput"):
        return
    rooms = ("e2e", "integration", "contract")

    def room(item: pytest.Item) -> str:
        return item.path.relative_to(ROOT / "tests").parts[0]

    for item in items:
        item.add_marker(pytest.mark.xdist_group("e2e" if room(item) == "e2e" else str(item.path)))
    items.sort(key=lambda item: rooms.index(room(item)) if room(item) in rooms else len(rooms))


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
