"""A bench of one service beside a database of its own: run it, show it, keep what it found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import running_cluster


def run(name: str, measure: Callable[[PrivateCluster], Awaitable[dict[str, Any]]], show: Callable[[dict[str, Any]], None]) -> None:
    """Measure, show, and write `build/bench-NAME.json`."""

    async def measured(cluster: PrivateCluster) -> dict[str, Any]:
        return await measure(cluster)

    with running_cluster() as cluster:
        result = asyncio.run(measured(cluster))
    show(result)
    target = Path("build")
    target.mkdir(exist_ok=True)
    (target / f"bench-{name}.json").write_text(json.dumps(result, indent=1))


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
