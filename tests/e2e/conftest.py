"""One `ecrm up` for the journeys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import consoles
from tests.support.upright import Upright, upright


@pytest.fixture(scope="session")
def up() -> Iterator[Upright]:
    # all that is logged at all, so that it can be looked through for secrets
    with upright(environment={"ECRM_LOG_LEVEL": "debug", "ECRM_LOG_FORMAT": "json"}) as running:
        yield running


@pytest.fixture(scope="module")
def console(up: Upright) -> Iterator[consoles.Console]:
    with consoles.console(up) as opened:
        yield opened
