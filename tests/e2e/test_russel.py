"""Russel's process on the web as one scenario: web events in, personalised e-mail out, metrics back. On one process; `test_cluster.py` plays it on the other shape."""

from __future__ import annotations

from tests.e2e import russel
from tests.support.upright import Upright


def test_from_clicks_to_the_next_selection(up: Upright) -> None:
    """M2, P19: clicks fill the database, groups by behaviour, selection by profit, personalised e-mail, a programme by e-mail, privacy, metrics."""
    russel.tell(up)
