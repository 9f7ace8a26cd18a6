"""Messages reserved for valuable customers, and mails that offer a reward: who may have them is asked again right before the hand-off.

What a message is reserved for travels with its data under `reserved_for` ({tiers, stages}); an offered reward under `reward` ({id}).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.database import Connection
from services.campaign.commands.rewards import check_in
from services.campaign.domain.eligibility import refuse_reserved
from services.campaign.store import recipients
from services.campaign.store.claiming import Claimed
from services.campaign.store.standing import standing

RESERVED_FOR: Final = "reserved_for"
#: Why a message is suppressed.
RESERVED: Final = "reserved"


def marked(data: Mapping[str, Any], reserved_for: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a message with what it is reserved for."""
    return {**data, RESERVED_FOR: dict(reserved_for)} if reserved_for else dict(data)


async def not_for_them(db: Connection, claimed: Sequence[Claimed], *, at: datetime) -> dict[UUID, str]:
    """Claimed messages that their person may not have now, with the reason: `reserved`, or `offer_` and why a reward cannot be had."""
    found = {}
    for message in claimed:
        reserved, offered = message.data.get(RESERVED_FOR), message.data.get("reward")
        if not isinstance(reserved, Mapping) and message.origin != "programme":
            continue
        person = await recipients.same_person(db, message.customer_id)
        if isinstance(reserved, Mapping):
            tiers, stage = await standing(db, person)
            if refuse_reserved(tiers=reserved.get("tiers", ()), stages=reserved.get("stages", ()), held_tiers=tiers, stage=stage) is not None:
                found[message.id] = RESERVED
        elif isinstance(offered, Mapping) and "id" in offered:
            _, refused = await check_in(db, reward_id=UUID(str(offered["id"])), person=person, at=at)
            if refused is not None:
                found[message.id] = f"offer_{refused.reason}"
    return found
