"""Door 2, facts: what happened tells who the people are."""

from __future__ import annotations

from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from services.customer import commands
from services.customer.settings import CustomerService


async def on_interactions_recorded(service: CustomerService, tx: Transaction, records: list[Stored]) -> None:
    await commands.resolve_interactions(service, tx, records=records)


async def after_interactions_recorded(service: CustomerService, records: list[Stored]) -> None:
    await commands.settle_interactions(service, records=records)
