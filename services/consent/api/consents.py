"""Statements, stops, and what counts for a customer."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime

from chassis import web
from services.consent import commands, errors, queries
from services.consent.api.asking import Here, Reading, Writing, actor, before, subject
from services.consent.commands import Grant, Recorded, Withdrawal
from services.consent.domain.statements import Entry
from services.consent.queries import Standing
from services.consent.schemas import consents
from services.consent.settings import ConsentService

router = APIRouter(prefix="/api/v1", tags=["consent"])

MOST_GRANTS = 1000


@router.post("/consents/grants", status_code=201)
async def grant_consents(
    here: Here, asking: Writing,
    body: Annotated[consents.GrantConsent | Annotated[list[consents.GrantConsent], Body(min_length=1, max_length=MOST_GRANTS)], Body()],
) -> consents.RecordedView | consents.RecordedList:
    """Record one grant, or an array of up to 1,000 (all or none, in order)."""
    listed = body if isinstance(body, list) else [body]
    if not 0 < len(listed) <= MOST_GRANTS:
        raise errors.TooManyMembers(MOST_GRANTS)
    grants = [
        Grant(
            subject(here, customer_id=grant.customer_id, identity=grant.identity), grant.purpose, grant.channel, grant.source, grant.evidence, grant.language, grant.said_at,
            grant.wording_version, mailed=grant.confirm == "mail",
        )
        for grant in listed
    ]
    recorded = await commands.grant_consents(here, grants=grants, actor=actor(asking))
    views = [_recorded(here, found) for found in recorded]
    return consents.RecordedList(data=views) if isinstance(body, list) else views[0]


@router.post("/consents/withdrawals")
async def withdraw_consent(here: Here, asking: Writing, body: consents.WithdrawConsent) -> consents.WithdrawalView:
    """Withdraw; answered when no message can start any more, at most five seconds later."""
    done = await commands.withdraw_consent(
        here, subject=subject(here, customer_id=body.customer_id, identity=body.identity), purpose=body.purpose, channel=body.channel, source=body.source, evidence=body.evidence, actor=actor(asking), language=body.language,
    )
    return _withdrawn(done)


@router.post("/consents/stops")
async def stop_contact(here: Here, asking: Writing, body: consents.StopContact) -> consents.WithdrawalView:
    """Stop all that can be stopped, until it is lifted; answered when no message can start any more."""
    done = await commands.stop_contact(
        here, subject=subject(here, customer_id=body.customer_id, identity=body.identity), channel=body.channel, source=body.source,
        evidence=body.evidence, actor=actor(asking), language=body.language,
    )
    return _withdrawn(done)


@router.post("/consents/stops/lift")
async def lift_stop(here: Here, asking: Writing, body: consents.StopContact) -> consents.RecordedView:
    """The stop ends: what was said for each purpose counts again. A stop of everything is lifted without `channel`."""
    done = await commands.lift_stop(
        here, subject=subject(here, customer_id=body.customer_id, identity=body.identity), channel=body.channel, source=body.source,
        evidence=body.evidence, actor=actor(asking), language=body.language,
    )
    return _recorded(here, done)


@router.post("/consents/mode", status_code=201)
async def state_mode(here: Here, asking: Writing, body: consents.ConsentMode) -> consents.RecordedList:
    """What a consent mode (Google Consent Mode v2) says, type by type: granted and denied become statements for the purposes of each type."""
    told = body.model_dump(include={"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"}, exclude_none=True)
    recorded = await commands.state_mode(
        here, subject=subject(here, customer_id=body.customer_id, identity=body.identity), told=told, evidence=body.evidence,
        actor=actor(asking), language=body.language,
    )
    return consents.RecordedList(data=[_recorded(here, one) for one in recorded])


@router.get("/customers/{customer_id}/consent")
async def get_consent(
    here: Here, _asking: Reading, customer_id: UUID, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100,
    as_of: AwareDatetime | None = None,
) -> consents.ConsentView:
    """What counts for a customer, for each purpose and channel, and the ledger, newest first. `as_of`: as recorded until then, on one page."""
    found = await queries.get_consent(here, customer_id=customer_id, before=before(page_token), limit=limit, as_of=as_of)
    return consents.ConsentView(
        customer_id=found.customer_id, version=found.version, as_of=as_of, stops={channel: said.at for channel, said in found.stops.items()},
        purposes=_standings(found.standings), data=[_entry(entry) for entry in found.entries],
        next_page_token=web.page_token(str(found.entries[-1].id)) if found.more else None,
    )


@router.get("/customers/{customer_id}/consents/{entry_id}/receipt")
async def get_receipt(here: Here, _asking: Reading, customer_id: UUID, entry_id: UUID) -> dict[str, Any]:
    """A signed receipt of one statement (ISO/IEC TS 27560): the customer checks it offline, `ecrm audit verify-receipt`."""
    return await queries.get_receipt(here, customer_id=customer_id, entry_id=entry_id)


def _withdrawn(done: Withdrawal) -> consents.WithdrawalView:
    return consents.WithdrawalView(
        effective_at=done.effective_at, customer_id=done.customer_id, purpose=done.purpose, channels=done.channels, entry_ids=done.entries
    )


def _recorded(here: ConsentService, found: Recorded) -> consents.RecordedView:
    values = found._asdict()
    token = values.pop("confirm_token")
    url = f"{here.platform.public_url.rstrip('/')}/c/{token}" if token else None
    return consents.RecordedView(**values, waiting=found.customer_id is None, confirm_url=url)


def _entry(entry: Entry) -> consents.EntryView:
    values = entry._asdict()
    del values["identity"], values["tick"]
    return consents.EntryView(entry_id=values.pop("id"), **values)


def _standings(standings: list[Standing]) -> list[consents.PurposeStanding]:
    found: dict[str, consents.PurposeStanding] = {}
    for standing in standings:
        purpose, said = standing.purpose, standing.said
        shown = found.setdefault(
            purpose.purpose,
            consents.PurposeStanding(
                purpose=purpose.purpose, version=purpose.version, basis=purpose.basis, legal_basis=purpose.legal_basis,
                title=purpose.title, channels={},
            ),
        )
        shown.channels[standing.channel] = consents.ChannelView(
            state=said.state if said else "unspoken", allowed=standing.refusal is None, reason=standing.refusal,
            since=said.at if said else None, until=said.until if said else None, entry_id=said.entry if said else None,
        )
    return list(found.values())
