"""What waits for endpoints is brought to them: a few at a time to each, so that a slow one delays itself only."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from chassis import calling_out, sealing, telemetry
from chassis.calling_out import Outside
from chassis.clock import Clock
from chassis.database import INFRASTRUCTURE
from gateway.domain import webhooks as rules
from gateway.domain.webhooks import Delivery, Outcome, Secret, Webhook
from gateway.settings import GatewayService
from gateway.store import webhooks as store
from gateway.store.webhooks import Settled

AT_ONCE: Final = 16
SECONDS: Final = 15.0
LEASE: Final = timedelta(seconds=60)

_secrets = msgspec.json.Decoder(list[Secret]).decode
_log = telemetry.logger(__name__)
DELIVERED: Final = telemetry.counter("ecrm_webhook_deliveries_total", "Attempts to deliver webhooks, by outcome", ("outcome",))


async def deliver_due(service: GatewayService) -> None:
    """Begin with every endpoint for which something waits and nobody here is at work."""
    courier = service.resources.courier
    room = courier.room
    if not room:
        return
    async with service.read() as db:
        found = await store.due(db, at=service.clock.now(), without=courier.busy)
    for webhook_id in found[:room]:
        courier.send(webhook_id, _work(service, webhook_id))


async def _work(service: GatewayService, webhook_id: UUID) -> None:
    """One endpoint, until nothing is due for it."""
    try:
        while await _round(service, webhook_id):
            pass
    except INFRASTRUCTURE as error:  # the leases end, and the next round takes them again
        _log.warning("webhooks_wait", error=error)


async def _round(service: GatewayService, webhook_id: UUID) -> bool:
    now = service.clock.now()
    async with service.transaction() as tx:
        webhook = await store.find(tx.db, webhook_id)
        if webhook is None or webhook.state != rules.ACTIVE:
            return False
        claimed = await store.claim(tx.db, webhook_id, at=now, lease_until=now + LEASE, limit=AT_ONCE)
    if not claimed:
        return False
    secrets = _secrets(sealing.unseal(service.link_secret, webhook.secrets, purpose="webhook"))
    outcomes = await asyncio.gather(
        *(attempt(service, webhook.url, secrets, message_id=one.message_id, body=one.payload or b"") for one in claimed)
    )
    await _settle(service, webhook, claimed, outcomes)
    return not any(outcome.gone for outcome in outcomes)


async def attempt(service: GatewayService, url: str, secrets: Sequence[Secret], *, message_id: str, body: bytes) -> Outcome:
    """POST once, signed with every secret that is live now."""
    clock: Clock = service.clock
    began = clock.monotonic()
    signing = [secret.text for secret in rules.live(secrets, clock.now())]
    headers = {
        "content-type": "application/json", "user-agent": "Peyvand-Webhooks/1",
        **calling_out.signed(signing, message_id=message_id, at=int(clock.timestamp()), body=body),
    }
    try:
        reply = await service.resources.courier.outside.post(url, body=body, headers=headers, timeout=SECONDS)
    except calling_out.NotAllowed:
        return Outcome(0, "not_allowed", _since(clock, began))
    except calling_out.NoAnswer as error:
        return Outcome(0, error.reason, _since(clock, began))
    asked = reply.headers.get("retry-after", "")
    wait = float(asked) if reply.status in {429, 503} and asked.isdecimal() and len(asked) < 8 else None
    return Outcome(reply.status, None if 200 <= reply.status < 300 else "status", _since(clock, began), wait)


async def _settle(service: GatewayService, webhook: Webhook, claimed: Sequence[Delivery], outcomes: Sequence[Outcome]) -> None:
    now, schedule = service.clock.now(), service.settings.webhook_schedule
    settled = []
    for delivery, outcome in zip(claimed, outcomes, strict=True):
        tried = {"at": now.isoformat(), "status": outcome.status, "error": outcome.error, "milliseconds": outcome.milliseconds}
        wait = rules.next_try(delivery.attempts, schedule, luck=random.random(), asked=outcome.wait)  # noqa: S311 - jitter
        if outcome.good:
            settled.append(Settled(delivery.id, rules.DELIVERED, tried, None))
        elif wait is None or outcome.gone:
            settled.append(Settled(delivery.id, rules.FAILED, tried, None))
        else:
            settled.append(Settled(delivery.id, rules.WAITING, tried, now + timedelta(seconds=wait)))
        DELIVERED.labels("delivered" if outcome.good else "failed").inc()
    async with service.transaction() as tx:
        await store.settle(tx.db, settled, at=now)
        any_good = any(outcome.good for outcome in outcomes)
        since = await store.failed_since(tx.db, webhook.id, None if any_good else now)
        reason = "gone" if any(outcome.gone for outcome in outcomes) else "failing" if since and now - since > rules.PATIENCE else ""
        if reason:
            await store.disable(tx.db, webhook.id, reason=reason, at=now)
            _log.warning("webhook_disabled", webhook=str(webhook.id), reason=reason)


def _since(clock: Clock, began: float) -> int:
    return round((clock.monotonic() - began) * 1000)


class Courier:
    """Who is at work for which endpoint, in this process."""

    MOST: Final = 32

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self.counts: Counter[str] = Counter()

    @property
    def busy(self) -> list[UUID]:
        return list(self._tasks)

    @property
    def room(self) -> int:
        """How many more endpoints may be worked for at once."""
        return self.MOST - len(self._tasks)

    def send(self, webhook_id: UUID, work: object) -> None:
        """Run the work for an endpoint beside all else."""
        task: asyncio.Task[None] = asyncio.create_task(work, name=f"webhook {webhook_id}")  # type: ignore[arg-type]
        self._tasks[webhook_id] = task
        task.add_done_callback(lambda done: self._ended(webhook_id, done))

    def _ended(self, webhook_id: UUID, done: asyncio.Task[None]) -> None:
        self._tasks.pop(webhook_id, None)
        if not done.cancelled() and done.exception() is not None:
            _log.error("webhook_work_ended", error=done.exception())

    async def close(self) -> None:
        """Let go of what is under way: the leases end by themselves."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
