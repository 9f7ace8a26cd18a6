"""Door 1 of the interaction service: people and systems."""

from typing import Final

from services.interaction.api import (
    intake,
    orders,
    quarantine,
    sales,
    sources,
    tasks,
    timeline,
)

ROUTERS: Final = (
    timeline.router,
    orders.router,
    quarantine.router,
    intake.router,
    tasks.router,
    sales.router,
    sources.router,
)
