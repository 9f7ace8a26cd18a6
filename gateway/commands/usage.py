"""What is done with keys is counted here at once, and written down with what other processes count every two seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from chassis import telemetry
from chassis.clock import Clock
from chassis.database import INFRASTRUCTURE
from gateway.domain.quotas import Day, Quota, Used, seconds_left
from gateway.settings import GatewayService
from gateway.store import usage as store

KEPT: Final = timedelta(days=400)
NOTHING: Final = Used()

_log = telemetry.logger(__name__)


class Usage:
    """What keys have done today, as far as this process knows. Of a process that is killed the last two seconds are lost."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._written: dict[Day, Used] = {}
        self._waiting: dict[Day, Used] = {}
        self._today = date.min
        self._ends = 0.0

    def count(self, key_id: str, *, requests: int = 1, events: int = 0) -> None:
        day = Day(key_id, self.today())
        self._waiting[day] = self._waiting.get(day, NOTHING).plus(Used(requests, events))

    def used(self, key_id: str) -> Used:
        """Today, UTC."""
        day = Day(key_id, self.today())
        return self._written.get(day, NOTHING).plus(self._waiting.get(day, NOTHING))

    def waiting(self, day: Day) -> Used:
        """What is not yet written of a day."""
        return self._waiting.get(day, NOTHING)

    def wait(self, key_id: str, quota: Quota) -> int:
        """Seconds until the key may do something again; 0: now."""
        return seconds_left(self._clock.now()) if quota.exceeded(self.used(key_id)) else 0

    def today(self) -> date:
        now = self._clock.timestamp()
        if not self._ends - 86_400 <= now < self._ends:
            self._today = datetime.fromtimestamp(now, UTC).date()
            self._ends = (now // 86_400 + 1) * 86_400
        return self._today

    def take(self) -> dict[Day, Used]:
        """What is to be written now."""
        return dict(self._waiting)

    def wrote(self, more: dict[Day, Used], now: dict[Day, Used]) -> None:
        """It is written, and this is what there is of all processes."""
        for day, used in more.items():
            left = self._waiting[day].minus(used)
            if left == NOTHING:
                del self._waiting[day]
            else:
                self._waiting[day] = left
        self.know(now)

    def know(self, now: dict[Day, Used]) -> None:
        """What there is in the database; days gone by are forgotten."""
        today = self.today()
        self._written = {day: used for day, used in (self._written | now).items() if day.day >= today}


async def write_usage(service: GatewayService) -> None:
    """Write what was counted, and learn what other processes have counted of the same keys."""
    usage = service.resources.usage
    more = usage.take()
    if not more:
        return
    async with service.transaction() as tx:
        now = await store.add(tx.db, more)
    usage.wrote(more, now)


async def finish_usage(service: GatewayService) -> None:
    """Before the end: write what is left, as far as it can be written."""
    try:
        await write_usage(service)
    except INFRASTRUCTURE as error:
        _log.warning("usage_not_written", error=error)


async def fill_usage(service: GatewayService, usage: Usage) -> None:
    """What was done today, before the gateway opens."""
    async with service.read() as db:
        usage.know(await store.on_day(db, usage.today()))


async def forget_usage(service: GatewayService) -> None:
    """Days more than 400 days ago."""
    async with service.transaction() as tx:
        await store.delete_before(tx.db, (service.clock.now() - KEPT).date())
