"""What currencies are worth in others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.interaction import errors
from services.interaction.domain import money
from services.interaction.settings import InteractionService
from services.interaction.store import totals


async def put_rates(service: InteractionService, *, rates: Sequence[tuple[str, str, date, Decimal, str]]) -> int:
    """Take over (home, currency, day, rate, source), all or none; returns how many. Raises Invalid."""
    for place, (home, currency, _day, _rate, _source) in enumerate(rates):
        for name, code in (("home", home), ("currency", currency)):
            if code not in money.CURRENCIES:
                raise errors.unknown_currency(f"/rates/{place}/{name}")
        if home == currency:
            raise errors.same_currency(f"/rates/{place}/currency")
    async with service.transaction() as tx:
        await totals.put_rates(tx.db, rates, at=service.clock.now())
    return len(rates)
