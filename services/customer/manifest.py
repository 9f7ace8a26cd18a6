"""What the customer service is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.manifest import Manifest
from chassis.reacting import Subscription
from services.customer import api, jobs, reactions
from services.customer.settings import CustomerResources, CustomerService, CustomerSettings, Settled
from services.customer.tables import CustomerTable


@asynccontextmanager
async def _open(service: CustomerService) -> AsyncIterator[CustomerResources]:
    yield CustomerResources(settled=Settled(service.settings.settled_identities))


MANIFEST = Manifest(
    name="customer",
    settings=CustomerSettings,
    migrations="services.customer.migrations",
    tables=CustomerTable.metadata,
    routers=api.ROUTERS,
    subscriptions=(
        Subscription(
            reader="profiles", topics=("ecrm.interaction",), batch=reactions.on_interactions_recorded,
            after_commit=reactions.after_interactions_recorded, linger=0.15,
        ),
    ),
    jobs=jobs.JOBS,
    open=_open,
)
