"""What a signed link says."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.errors import Unknown
from contracts import links
from services.consent.domain.statements import Purpose
from services.consent.settings import ConsentService
from services.consent.store import purposes


class UnsubscribeLink(NamedTuple):
    """What an unsubscribe link speaks of."""

    customer_id: UUID
    channel: str
    purpose: Purpose
    message_id: str


async def get_unsubscribe_link(service: ConsentService, *, token: str) -> UnsubscribeLink:
    """What a link says. Raises Unknown for anything that is not one of ours."""
    try:
        customer, channel, purpose, message = links.open_link(service.link_secret, links.UNSUBSCRIBE, token)
        customer_id = UUID(customer)
    except ValueError:
        raise Unknown("consent.unknown_link", "This link is not one of ours.") from None
    async with service.read() as db:
        defined = (await purposes.newest(db)).get(purpose)
    if defined is None or channel not in defined.channels:
        raise Unknown("consent.unknown_link", "This link is not one of ours.")
    return UnsubscribeLink(customer_id, channel, defined, message)
