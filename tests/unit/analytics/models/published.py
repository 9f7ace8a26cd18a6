"""Small published data sets that are known by heart: remission times, and the counts of an e-mail test."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


def remission() -> tuple[Any, Any, Any]:
    """(weeks, ended, placebo): remission under 6-MP and placebo (Freireich 1963), the example of Cox 1972."""
    drug = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0), (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0),
            (32, 0), (34, 0), (35, 0)]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    time = np.array([t for t, _ in drug] + placebo, float)
    return time, np.array([e for _, e in drug] + [1] * len(placebo), float), np.array([0] * len(drug) + [1] * len(placebo), float)


class Arm(NamedTuple):
    """One arm of the MineThatData e-mail test (Hillstrom 2008): customers, who visited, who bought, within two weeks."""

    customers: int
    visit: int
    conversion: int


MENS = Arm(21_307, 3_894, 267)
WOMENS = Arm(21_387, 3_238, 189)
NONE = Arm(21_306, 2_262, 122)


def arms(arm: Arm, outcome: str) -> tuple[Any, Any]:
    """(treated, outcome) of an arm and the control, a row a customer."""
    treated = np.r_[np.ones(arm.customers), np.zeros(NONE.customers)]
    answers = np.zeros(len(treated))
    answers[: getattr(arm, outcome)] = 1
    answers[arm.customers : arm.customers + getattr(NONE, outcome)] = 1
    return treated, answers
