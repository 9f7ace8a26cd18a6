"""Telling the interaction service what happened here: orders of customised products, and what people do in communities.

What is to be told is written in the transaction that it happened in; a job tells it, at least once, under an id that makes a repetition
harmless. There it goes through the log of collection like everything else that happens to a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.analytics import SpendStated
from services.campaign.settings import CampaignService
from services.campaign.store import customising
from services.campaign.store import telling as store
from services.campaign.store.telling import Telling

BATCH: Final = 50
LEASE: Final = timedelta(seconds=60)
ORDER: Final = "order"
COMMUNITY: Final = "community"
#: The customer may not have any identity there yet: so often it is tried again.
MOST_ATTEMPTS: Final = 20

_log = telemetry.logger(__name__)


async def tell_order(tx: Transaction, *, telling_id: UUID, customer_id: UUID, body: Mapping[str, Any]) -> None:
    """An order; `telling_id` is that of what was customised."""
    await store.put(tx.db, telling_id=telling_id, customer_id=customer_id, about=ORDER, path="/api/v1/orders", body=body)


async def tell_community(
    tx: Transaction, *, customer_id: UUID, programme: str, group: str, action: str, text: str, at: datetime, telling_id: UUID | None = None
) -> None:
    """What somebody did in a community; it counts as taking part in the programme."""
    telling_id = telling_id or new_id()
    body = {
        "kind": "other", "id": f"community-{telling_id}", "customer_id": str(customer_id), "initiator": "customer", "direction": "inbound",
        "subject": f"{group}: {action}", "text": text, "programme": programme, "group": group, "action": action,
        "occurred_at": at.isoformat(),
    }
    await store.put(tx.db, telling_id=telling_id, customer_id=customer_id, about=COMMUNITY, path="/api/v1/interactions", body=body)


async def tell_interactions(service: CampaignService) -> bool:
    """Tell what waits. True: there may be more."""
    async with service.transaction() as tx:
        due = await store.claim(tx.db, limit=BATCH, lease=LEASE)
    for telling in due:
        await _tell(service, telling)
    return len(due) == BATCH


async def _tell(service: CampaignService, telling: Telling) -> None:
    try:
        answer = await service.peers["interaction"].call(
            "POST", telling.path, json=telling.body, scopes=["interactions:write", "interactions:read", "orders:write"], timeout=15
        )
        status, code = answer.status, str((answer.json() or {}).get("code", answer.status)) if answer.status >= 400 else ""
    except Unavailable:
        status, code = 503, "unavailable"
    unknown = status == 404 and telling.attempts < MOST_ATTEMPTS
    async with service.transaction() as tx:
        if status < 300:
            await store.done(tx.db, telling.id)
        elif status >= 500 or status == 429 or unknown:
            _log.warning("telling_waits", kind=telling.about, status=status, attempts=telling.attempts)
            await store.again(tx.db, telling.id, pause=timedelta(seconds=min(3600, 2**telling.attempts)))
            return
        else:
            await store.refused(tx.db, telling.id, reason=code)
        if telling.about == ORDER:
            await customising.told(tx.db, telling.id, reason=None if status < 300 else code, at=service.clock.now())


async def note_spending(tx: Transaction, *, stated: SpendStated) -> None:
    """Take over what a customer spends with anybody."""
    await store.put_spending(
        tx.db, statement_id=stated.statement_id, customer_id=UUID(stated.customer_id), category=stated.category, amount_minor=stated.amount_minor,
        currency=stated.currency, first=datetime.fromisoformat(stated.first).date(), last=datetime.fromisoformat(stated.last).date(), at=stated.stated_at,
    )
