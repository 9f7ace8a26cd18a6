"""What the interaction service is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from chassis.keys import KeyTable
from chassis.manifest import Manifest, Mount
from chassis.reacting import Subscription
from services.interaction import api, commands, jobs, queries, reactions
from services.interaction.api import collector, smtp_door
from services.interaction.queries.holding import HOLDINGS, KEPT
from services.interaction.queries.rebuilding import REBUILT
from services.interaction.settings import InteractionResources, InteractionService, InteractionSettings
from services.interaction.tables import InteractionTable

#: How long a stopping service goes on publishing what it has committed.
LAST_WORDS: Final = 3.0
#: Seconds from one batch to the next under load: a transaction of 100 events costs twice as much for each as one of 1,000.
GATHER: Final = 0.15
#: Events of a partition in one batch: of all of them together that is a few thousand, and they are held in memory until they are stored.
AT_ONCE: Final = 500
#: Visits may be a little behind, and their rows are written once for all that happened meanwhile.
VISITS_GATHER: Final = 1.0


@asynccontextmanager
async def open_resources(service: InteractionService) -> AsyncIterator[InteractionResources]:
    """The key table and the publisher, while the service runs."""
    resources = service.resources = InteractionResources(keys=KeyTable(service.clock))
    await resources.keys.start(service.log)
    await commands.plans.load_plans(service)
    resources.live = queries.live.Hub(service)
    publisher = asyncio.create_task(commands.publish(service), name="interaction.publisher")
    planner = asyncio.create_task(commands.plans.follow_plans(service), name="interaction.planner")
    try:
        async with smtp_door.listening(service) as where:
            resources.mail_door = where
            yield resources
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(resources.publishing.waiting.join(), LAST_WORDS)
        await resources.live.close()
        for task in (publisher, planner):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await resources.keys.close()


MANIFEST: Final = Manifest(
    name="interaction",
    settings=InteractionSettings,
    migrations="services.interaction.migrations",
    tables=InteractionTable.metadata,
    routers=api.ROUTERS,
    mounts=(Mount(collector.PATHS, collector.collector),),
    subscriptions=(
        Subscription(
            reader="recorder", topics=("ecrm.collected",), batch=reactions.on_collected, after_commit=reactions.after_collected,
            linger=GATHER, max_records=AT_ONCE,
        ),
        Subscription(reader="visits", topics=("ecrm.interaction",), batch=reactions.on_interactions, linger=VISITS_GATHER, max_records=AT_ONCE),
        Subscription(reader="identities", topics=("ecrm.state.identity",), batch=reactions.on_identity_states),
        Subscription(reader="consent", topics=("ecrm.state.consent",), batch=reactions.on_consent_states),
        Subscription(reader="profiles", topics=("ecrm.state.profile",), batch=reactions.on_profile_states),
        Subscription(reader="erasures", topics=("ecrm.state.erasure",), batch=reactions.on_erasures),
        Subscription(reader="merges", topics=("ecrm.customer",), facts=reactions.CUSTOMER_FACTS),
        Subscription(reader="messages", topics=("ecrm.campaign",), facts=reactions.CAMPAIGN_FACTS),
    ),
    jobs=jobs.JOBS,
    holdings=HOLDINGS,
    kept=KEPT,
    rebuilt=REBUILT,
    open=open_resources,
)
