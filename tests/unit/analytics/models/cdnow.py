"""The CDNOW 1/10 sample as arrays."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from services.analytics.domain.models import purchasing

FILE = "purchases/cdnow/CDNOW_sample.txt"
CUT_OFF = date(1997, 9, 30).toordinal()


def purchases(path: Path) -> tuple[Any, Any, Any]:
    """(customer, day, dollars) of each row of the file."""
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    days = [date(int(row[2][:4]), int(row[2][4:6]), int(row[2][6:])).toordinal() for row in rows]
    return np.array([int(row[1]) for row in rows]), np.array(days), np.array([float(row[4]) for row in rows])


def calibration(path: Path) -> tuple[Any, purchasing.Histories]:
    """(customers, histories) up to and including 1997-09-30."""
    return purchasing.histories(*purchases(path), cut_off=CUT_OFF)
