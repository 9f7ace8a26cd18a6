"""What a person sees at the preference centre."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.errors import Unavailable
from services.consent.domain.privacy import Request
from services.consent.outbound import person
from services.consent.outbound.person import Person
from services.consent.queries.consents import ConsentOf, get_consent
from services.consent.queries.privacy import list_requests
from services.consent.settings import ConsentService


class Centre(NamedTuple):
    """`person` is None when nobody is known, or, `away`, when the customer service does not answer."""

    consent: ConsentOf
    person: Person | None
    away: bool
    requests: list[Request]


async def get_centre(service: ConsentService, *, customer_id: UUID) -> Centre:
    """Everything at once; without the customer service, what is known here."""
    consent = await get_consent(service, customer_id=customer_id, limit=20)
    requests = await list_requests(
        service, before=None, state=None, kind=None, overdue=False, customer_id=consent.customer_id, limit=20
    )
    try:
        found = await person.fetch(service, customer_id=customer_id)
    except Unavailable:
        return Centre(consent, None, True, requests)
    return Centre(consent, found, False, requests)


__all__ = ["Centre", "Person", "Request", "get_centre"]
