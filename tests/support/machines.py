"""State machines against the real thing: a small size that is the same in each run, and a large one that is not (SCALE=full, `make fuzz`)."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

FULL = os.environ.get("SCALE") == "full"


def play(machine: Callable[[], RuleBasedStateMachine], *, histories: int, steps: int) -> None:
    """Play random histories; one that breaks a rule or an invariant is shortened and shown. Full: 25 times as many, twice as long."""
    size = settings(
        max_examples=histories * (25 if FULL else 1), stateful_step_count=steps * (2 if FULL else 1), deadline=None, derandomize=not FULL,
        suppress_health_check=list(HealthCheck), phases=[phase for phase in Phase if phase is not Phase.explain],
        database=None,
    )
    run_state_machine_as_test(machine, settings=size)  # type: ignore[arg-type]  # a class is what makes one
