"""Every service can describe itself: the platform's description is made of theirs."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from launcher import roster


@pytest.mark.parametrize("service", roster.ALL)
def test_a_service_describes_all_its_addresses(service: str) -> None:
    app = FastAPI()
    for router in roster.manifest(service).routers:
        app.include_router(router)
    # The library leaves out what it cannot describe only by failing altogether.
    assert app.openapi()["paths"]
