"""The CDNOW sample imported twice in one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import cdnow
from tests.support.upright import upright


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_2357_customers_and_6919_orders_once(example_file: Callable[[str], Path], tmp_path: Path) -> None:
    sample = example_file("purchases/cdnow/CDNOW_sample.txt")
    with upright() as up:
        cdnow.import_twice(up, sample, tmp_path)
