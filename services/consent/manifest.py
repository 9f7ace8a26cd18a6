"""The consent service: what we may do."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.manifest import Manifest
from services.consent import commands, queries
from services.consent.api import (
    audit,
    centre,
    confirm_mails,
    consents,
    disclosures,
    downloading,
    imports,
    links,
    opendsr,
    permits,
    privacy,
    purposes,
    retention,
    rights,
)
from services.consent.jobs import JOBS
from services.consent.queries.holding import HOLDINGS, KEPT
from services.consent.queries.rebuilding import REBUILT
from services.consent.reactions import SUBSCRIPTIONS
from services.consent.settings import ConsentResources, ConsentService, ConsentSettings, OpenPermits
from services.consent.tables import ConsentTable


@asynccontextmanager
async def open_resources(service: ConsentService) -> AsyncIterator[ConsentResources]:
    """The key that signs permits, known in the database from its first use; and what waits for permits to be closed."""
    own_key = json.loads(service.platform.signing_key.get_secret_value())
    seed = base64.urlsafe_b64decode(own_key["d"] + "=" * (-len(own_key["d"]) % 4))

    async def look(batches: Sequence[UUID]) -> set[UUID]:
        return await queries.find_open_permits(service, batches=batches)

    signer = await commands.find_signer(service, seed=seed)
    open_permits = OpenPermits(look)
    try:
        yield ConsentResources(signer, open_permits)
    finally:
        await open_permits.close()


MANIFEST = Manifest(
    name="consent",
    settings=ConsentSettings,
    migrations="services.consent.migrations",
    tables=ConsentTable.metadata,
    routers=(purposes.router, confirm_mails.router, consents.router, disclosures.router, imports.router, audit.router, permits.router, links.router, centre.router, privacy.router, downloading.router, rights.router, opendsr.router, retention.router),
    subscriptions=SUBSCRIPTIONS,
    jobs=JOBS,
    holdings=HOLDINGS,
    kept=KEPT,
    rebuilt=REBUILT,
    open=open_resources,
)
