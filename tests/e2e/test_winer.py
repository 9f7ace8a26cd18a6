"""Winer's seven steps as one scenario: from raw events to the metric that changes the next selection. On one process; `test_cluster.py` plays it on the other shape."""

from __future__ import annotations

from tests.e2e import winer
from tests.support.upright import Upright


def test_seven_steps_and_the_second_round(up: Upright) -> None:
    """M1: database, analysis, selection, targeting, relationship programme, privacy, metric; the metric feeds the second selection."""
    winer.tell(up)
