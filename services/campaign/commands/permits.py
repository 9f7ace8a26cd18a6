"""Asking the consent service whether messages may start now: the one synchronous call on a message's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from services.campaign.domain.ledger import PERMIT_SECONDS
from services.campaign.settings import CampaignService

_log = telemetry.logger(__name__)


class Asked(NamedTuple):
    """One message that is about to start."""

    message_id: UUID
    customer_id: UUID
    purpose: str
    channel: str
    step: str
    address_hash: bytes


class Permit(NamedTuple):
    """Leave to hand off one message."""

    permit_id: str
    consent_version: int


class Permits(NamedTuple):
    """An answer. `deadline`: no message starts after it, by this process's monotonic clock."""

    batch_id: str | None
    deadline: float
    granted: dict[UUID, Permit]
    denied: dict[UUID, str]


async def ask(service: CampaignService, *, members: Sequence[Asked]) -> Permits:
    """Up to 1,000 permits; whoever is in neither list got none. Raises Unavailable: then nothing may be sent."""
    deadline = service.clock.monotonic() + PERMIT_SECONDS
    body = {
        "members": [
            {
                "customer_id": str(member.customer_id), "purpose": member.purpose, "channel": member.channel, "step": member.step,
                "address_hash": member.address_hash.hex(),
            }
            for member in members
        ]
    }
    answer = await service.peers["consent"].call("POST", "/permits", json=body, timeout=PERMIT_SECONDS, scopes=["campaigns:send"])
    if answer.status != 200:
        raise Unavailable("consent.unavailable", "Permits cannot be had at the moment.", detail=f"status {answer.status}")
    return _read(answer.json(), members, deadline)


def _read(answer: Mapping[str, Any], members: Sequence[Asked], deadline: float) -> Permits:
    granted: dict[UUID, Permit] = {}
    denied: dict[UUID, str] = {}
    try:
        for entry in answer["permits"]:
            granted[members[entry["asked"]].message_id] = Permit(str(entry["permit_id"]), int(entry["consent_version"]))
        for entry in answer["denied"]:
            denied[members[entry["asked"]].message_id] = str(entry["reason"])
        batch = answer.get("batch_id")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unavailable("consent.unavailable", "Permits cannot be had at the moment.", detail=type(error).__name__) from None
    return Permits(str(batch) if batch else None, deadline, granted, denied)


async def close(service: CampaignService, *, permits: Permits, outcomes: Mapping[UUID, str]) -> None:
    """Tell that no message starts under this batch any more. Should it not get through, the consent service closes it by time."""
    if permits.batch_id is None:
        return
    named = {permits.granted[message_id].permit_id: outcome for message_id, outcome in outcomes.items() if message_id in permits.granted}
    try:
        await service.peers["consent"].call(
            "POST", f"/permits/{permits.batch_id}/close", json={"outcomes": named}, scopes=["campaigns:send"]
        )
    except Unavailable:
        _log.warning("permits_not_closed", batch_id=permits.batch_id)
