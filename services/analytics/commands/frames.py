"""What frames of models are made with."""

from __future__ import annotations

from datetime import timedelta

from services.analytics.domain import calendars
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, model_frames
from services.analytics.store.measures import Ask, Window


async def setting(service: AnalyticsService) -> model_frames.Setting:
    """What frames are made with now."""
    now, zone = service.clock.now(), service.settings.time_zone
    today = calendars.today(now, zone)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)

    def ask(days: int) -> Ask:
        first, last = today - timedelta(days=days - 1), today + timedelta(days=1)
        return Ask(Window(first, last, calendars.midnight(first, zone), calendars.midnight(last, zone)), now, currency, margin=service.settings.margin)

    return model_frames.Setting(now, today, zone, currency, ask(36_500), ask(365))
