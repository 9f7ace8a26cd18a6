"""Facts as a door: everything that is analysed goes into the warehouse, with the reader's position."""

from __future__ import annotations

from typing import Final

from chassis.reacting import PositionKeeper
from services.analytics.commands import loading
from services.analytics.settings import AnalyticsService

TOPICS: Final = loading.TOPICS
READER: Final = loading.READER


def on_facts(service: AnalyticsService) -> PositionKeeper:
    """What keeps positions and effects together in the warehouse."""
    return loading.WarehouseKeeper(service)
