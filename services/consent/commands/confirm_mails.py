"""The link to confirm a pending grant goes to the address by mail: once, however often this is tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from services.consent.commands.stating import confirm_token
from services.consent.domain.confirm_texts import BUILT_IN, FALLBACK
from services.consent.domain.statements import Purpose
from services.consent.outbound import mailing
from services.consent.settings import ConsentService
from services.consent.store import mails, purposes

AT_ONCE: Final = 50
#: Somebody who asks again and again (or for somebody else) makes one mail an hour.
AGAIN_AFTER: Final = timedelta(hours=1)
KEPT_DAYS: Final = 30

SENT: Final = telemetry.counter("ecrm_consent_confirm_mails_total", "Links to confirm by what became of sending them", ("state",))


async def put_template(service: ConsentService, *, language: str, template_id: UUID, actor: str) -> None:
    """Links in this language are sent with this template from now on."""
    async with service.transaction() as tx:
        await mails.put_template(tx.db, language=language, template_id=template_id, actor=actor, now=service.clock.now(), replace=True)


async def send_confirm_mails(service: ConsentService) -> bool:
    """Hand what is due to the campaign service, which sends each key once. True: there may be more."""
    if mailing.PEER not in service.peers:
        return False
    now = service.clock.now()
    async with service.read() as db:
        due = await mails.due(db, now=now, limit=AT_ONCE)
        defined = await purposes.newest(db) if due else {}
    for row in due:
        state, reason, message_id = await _send(service, row, defined.get(row["purpose"]))
        SENT.labels(state).inc()
        pause = timedelta(seconds=min(600, 2 ** min(row["attempts"], 10) / 2))
        async with service.transaction() as tx:
            at = service.clock.now()
            await mails.settle(tx.db, entry_id=row["entry_id"], state=state, reason=reason, message_id=message_id, next_at=at + pause, now=at)
    return len(due) == AT_ONCE


async def forget_confirm_mails(service: ConsentService) -> None:
    """Drop what was sent long ago."""
    async with service.transaction() as tx:
        await mails.forget(tx.db, now=service.clock.now(), days=KEPT_DAYS)


async def _send(service: ConsentService, row: Any, purpose: Purpose | None) -> tuple[str, str | None, UUID | None]:
    now = service.clock.now()
    if row["expires_at"] is None or row["expires_at"] <= now or purpose is None:
        return "skipped", "waits_no_more", None
    if row["sent_at"] is not None and now - row["sent_at"] < AGAIN_AFTER:
        return "skipped", "sent_before", None
    if row["customer_id"] is None:
        return "waiting", "recipient_unknown", None
    language = (row["language"] or FALLBACK).partition("-")[0].lower()
    try:
        language, template_id = await _template(service, language)
    except Unavailable:
        return "waiting", "campaign_unavailable", None
    data = {
        "title": purpose.title.get(language) or purpose.title.get(FALLBACK) or purpose.purpose,
        "wording": purpose.wording.get(language) or purpose.wording.get(FALLBACK) or "",
        "url": f"{service.platform.public_url.rstrip('/')}/c/{confirm_token(service, row['entry_id'], row['expires_at'])}",
        "hours": max(1, round((row["expires_at"] - row["created_at"]).total_seconds() / 3600)),
    }
    return await mailing.send(service, key=f"confirm-{row['entry_id']}", template_id=template_id, customer_id=row["customer_id"], data=data)


async def _template(service: ConsentService, language: str) -> tuple[str, UUID]:
    """(language, template): of the language asked for where there is one. Raises Unavailable."""
    async with service.read() as db:
        found = await mails.templates(db)
    if language not in found and language not in BUILT_IN:
        language = FALLBACK
    if language in found:
        return language, found[language]["template_id"]
    template_id = await mailing.make_template(service, language=language)
    async with service.transaction() as tx:
        await mails.put_template(tx.db, language=language, template_id=template_id, actor="consent", now=service.clock.now(), replace=False)
    return language, template_id
