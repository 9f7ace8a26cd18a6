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


async def wants_interactions(_service: GatewayService, work: Transaction) -> bool:
    """Whether an endpoint asks for every recorded interaction: by far the most there is to read."""
    return await commands.anybody_wants(work.db, topic=INTERACTIONS)


INTERACTIONS = "ecrm.interaction"
WEBHOOKS = (
    Subscription(
        "webhooks", (*(topic for topic in webhooks.TOPICS if topic != INTERACTIONS), "ecrm.state.erasure"), batch=on_facts, linger=0.25
    ),
    Subscription("webhooks_interactions", (INTERACTIONS,), batch=on_facts, wanted=wants_interactions, linger=0.25),
)
