"""What the gateway does when it hears of something: everybody's facts become messages for the endpoints that asked for them."""

from __future__ import annotations

from chassis.eventlog import Stored
from chassis.reacting import Subscription
from chassis.unit_of_work import Transaction
from gateway import commands
from gateway.domain import webhooks
from gateway.settings import GatewayService


async def on_facts(service: GatewayService, work: Transaction, records: list[Stored]) -> None:
    """Planned in the transaction that moves the position; sent by a job."""
    await commands.plan_deliveries(service, work.db, records)


WEBHOOKS = Subscription("webhooks", (*webhooks.TOPICS, "ecrm.state.erasure"), batch=on_facts, linger=0.25)
