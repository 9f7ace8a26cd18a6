"""What people do at their preference centre."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.consent.commands.recording import Subject
from services.consent.commands.stating import Grant, grant_consents, withdraw_consent
from services.consent.outbound import person
from services.consent.settings import ConsentService

SOURCE = "preference_centre"

Pairs = set[tuple[str, str]]


async def apply_choices(
    service: ConsentService, *, customer_id: UUID, grants: Pairs, refusals: Pairs, evidence: Mapping[str, Any], language: str
) -> None:
    """Grant and withdraw (purpose, channel) pairs; returns when nothing that was refused can start any more.

    Whoever opens the centre by a link that was sent to them has proven to read that channel; `evidence` says so. On another one a grant that
    needs a confirmation waits for it.
    """
    subject = Subject(customer_id=customer_id)
    if grants:
        await grant_consents(
            service,
            grants=[Grant(subject, purpose, channel, SOURCE, dict(evidence), language, proven=channel == evidence.get("link_channel")) for purpose, channel in sorted(grants)],
            actor="customer",
        )
    await asyncio.gather(
        *(
            withdraw_consent(
                service, subject=subject, purpose=purpose, channel=channel, source=SOURCE, evidence=dict(evidence), actor="customer", language=language
            )
            for purpose, channel in sorted(refusals)
        )
    )


async def choose_contact(
    service: ConsentService, *, customer_id: UUID, language: str | None, channel: str | None, before: Mapping[str, str]
) -> None:
    """How the person wants to be reached, told to the customer service. Raises Unavailable, Invalid."""
    await person.choose(service, customer_id=customer_id, language=language, channel=channel, before=before)


async def hide_fields(service: ConsentService, *, customer_id: UUID, version: int, fields: list[str]) -> None:
    """What only staff with a right to it may see from now on. Raises Conflict, Invalid, Unavailable."""
    await person.hide(service, customer_id=customer_id, version=version, fields=fields)


async def correct_person(service: ConsentService, *, customer_id: UUID, version: int, traits: Mapping[str, Any]) -> None:
    """What the person corrects in their own data. Raises Conflict, Invalid, Unavailable."""
    await person.correct(service, customer_id=customer_id, version=version, traits=traits)
