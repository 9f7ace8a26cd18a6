"""What the customer service is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.manifest import Manifest
from chassis.reacting import Subscription
from contracts.campaign import MessageBounced, MessageFailed
from contracts.consent import ErasureRequested
from contracts.interaction import BounceReceived
from services.customer import api, commands, jobs, reactions
from services.customer.queries.holding import HOLDINGS, KEPT
from services.customer.queries.rebuilding import REBUILT
from services.customer.settings import CustomerResources, CustomerService, CustomerSettings, Settled
from services.customer.tables import CustomerTable


@asynccontextmanager
async def _open(service: CustomerService) -> AsyncIterator[CustomerResources]:
    yield CustomerResources(rules=await commands.load_identity_rules(service), settled=Settled(service.settings.settled_identities))


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
            max_records=500,  # of a partition: enough for one transaction, and little in memory while it runs
        ),
        Subscription(
            reader="bounces", topics=("ecrm.campaign", "ecrm.interaction.facts"), linger=0.2,
            facts={
                MessageFailed: reactions.on_message_failed, MessageBounced: reactions.on_message_bounced,
                BounceReceived: reactions.on_bounce_received,
            },
        ),
        Subscription(reader="restrictions", topics=("ecrm.state.consent",), batch=reactions.on_consent_states, linger=0.5),
        Subscription(reader="erasures", topics=("ecrm.consent",), facts={ErasureRequested: reactions.on_erasure_requested}),
    ),
    jobs=jobs.JOBS,
    holdings=HOLDINGS,
    kept=KEPT,
    rebuilt=REBUILT,
    open=_open,
)
