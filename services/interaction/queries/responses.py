"""Whether, when and how customers responded to what we did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from contracts.interaction import InteractionRecorded
from services.interaction.domain import recording, responses
from services.interaction.domain.responses import Act, Deed
from services.interaction.settings import InteractionService
from services.interaction.store import replicas
from services.interaction.store import responses as store

#: Contacts of one customer that are looked at, the newest ones.
MOST: Final = 2000
#: Without a start the acts of this time are shown.
USUAL: Final = timedelta(days=365)
_REFERENCES: Final = ("reply_to_message", "in_reply_to", "campaign_id", "conversation_id")

_record = msgspec.json.Decoder(InteractionRecorded).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode


async def list_responses(
    service: InteractionService, *, customer_id: UUID, since: datetime | None = None, until: datetime | None = None, days: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Acts towards a customer, the newest first, each with its responses within the window."""
    now = service.clock.now()
    window = timedelta(days=days or service.settings.response_days)
    until = min(until or now, now)
    since = since or until - USUAL
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        identities = [row["identity"] for row in await replicas.list_identities(db, family)]
        messages = await store.list_messages(db, family, since=since, until=until + window)
        contacts = await store.list_contacts(
            db, identities, messages=sorted(recording.MESSAGE_KINDS), since=since, until=until + window, limit=MOST
        )
        orders = await store.list_orders(db, identities, since=since, until=until + window)
    acts: list[Act] = []
    deeds = [Deed("ordered", row["ordered_at"], "", row["order_id"]) for row in orders]
    for row in messages:
        if row["action"] == "accepted":
            acts.append(Act(row["message_id"], "message", row["channel"], row["occurred_at"], row["purpose"], row["campaign_id"], row["message_id"]))
        else:
            deeds.append(Deed(row["action"], row["occurred_at"], row["channel"], row["message_id"], frozenset([row["message_id"]])))
    for row in contacts:
        _sort_contact(row, acts, deeds)
    found = responses.match([act for act in acts if act.at < until], deeds, window=window, now=now)
    names = {row["campaign_id"]: row["campaign"] for row in messages}
    return [
        {
            **each.act._asdict(), "campaign": names.get(each.act.campaign_id), "state": each.state, "how": each.how, "responded_at": each.at,
            "responses": [{"how": deed.how, "at": deed.at, "reference": deed.reference} for deed in each.deeds],
        }
        for each in found[:limit]
    ]


def _sort_contact(row: Any, acts: list[Act], deeds: list[Deed]) -> None:
    """A contact the company began is an act, one the customer began a reply."""
    properties = _object(bytes(_record(row["record"]).personal.properties))
    named = {name: value for name in _REFERENCES if isinstance(value := properties.get(name), str) and value}
    if row["initiator"] == "company":
        own = properties.get("conversation_id") or properties.get("rfc_message_id") or properties.get("message_id")
        employee = properties.get("employee_id")
        acts.append(Act(
            str(row["id"]), row["kind"], row["channel"], row["occurred_at"], row["purpose"], named.get("campaign_id"),
            own if isinstance(own, str) else None, employee if isinstance(employee, str) else None, properties.get("answered") is True,
        ))
    else:
        deeds.append(Deed("replied", row["occurred_at"], row["channel"], str(row["id"]), frozenset(named.values())))


async def list_figures(
    service: InteractionService, *, campaign_id: str | None, since: datetime | None, until: datetime | None, days: int | None
) -> list[dict[str, Any]]:
    """Messages and their responses by campaign."""
    window = timedelta(days=days or service.settings.response_days)
    async with service.read() as db:
        rows = await store.list_campaign_figures(
            db, campaign_id=campaign_id, since=since, until=until, window=window, now=service.clock.now()
        )
    return [dict(row) for row in rows]
