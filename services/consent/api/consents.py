"""Purposes, statements and what counts for a customer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from contracts.identity import BadIdentity, parse_identity
from services.consent import commands, errors, queries
from services.consent.commands import Grant, Recorded, Subject
from services.consent.domain.statements import Entry, Purpose
from services.consent.queries import Standing
from services.consent.schemas import consents, purposes
from services.consent.settings import ConsentService

router = APIRouter(prefix="/api/v1", tags=["consent"])

Here = Annotated[ConsentService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("consent:read")]
Writing = Annotated[Caller, web.allow("consent:write")]
MOST_GRANTS = 1000


@router.get("/purposes")
async def list_purposes(here: Here, _asking: Reading) -> web.Page[purposes.PurposeView]:
    """The newest version of every purpose."""
    return web.Page(data=[_purpose(found) for found in await queries.list_purposes(here)])


@router.post("/purposes", status_code=201)
async def define_purpose(here: Here, asking: Writing, body: purposes.DefinePurpose) -> purposes.PurposeView:
    """Define a purpose; 409 when the name is taken."""
    return _purpose(await commands.define_purpose(here, actor=_actor(asking), **body.model_dump()))


@router.get("/purposes/{purpose}")
async def list_purpose_versions(here: Here, _asking: Reading, purpose: str) -> web.Page[purposes.PurposeView]:
    """All versions of a purpose, the newest first."""
    return web.Page(data=[_purpose(found) for found in await queries.list_purpose_versions(here, purpose=purpose)])


@router.put("/purposes/{purpose}")
async def change_purpose(here: Here, asking: Writing, purpose: str, body: purposes.PurposeChange) -> purposes.PurposeView:
    """Give a purpose a new version; what people said under the earlier wording stays as it was said."""
    return _purpose(await commands.change_purpose(here, purpose=purpose, actor=_actor(asking), **body.model_dump()))


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
            _subject(here, grant), grant.purpose, grant.channel, grant.source, grant.evidence, grant.language, grant.said_at,
            grant.wording_version,
        )
        for grant in listed
    ]
    recorded = await commands.grant_consents(here, grants=grants, actor=_actor(asking))
    views = [_recorded(found) for found in recorded]
    return consents.RecordedList(data=views) if isinstance(body, list) else views[0]


@router.post("/consents/withdrawals")
async def withdraw_consent(here: Here, asking: Writing, body: consents.WithdrawConsent) -> consents.WithdrawalView:
    """Withdraw; answered when no message can start any more, at most five seconds later."""
    done = await commands.withdraw_consent(
        here, subject=_subject(here, body), purpose=body.purpose, channel=body.channel, source=body.source, evidence=body.evidence,
        actor=_actor(asking), language=body.language,
    )
    return consents.WithdrawalView(
        effective_at=done.effective_at, customer_id=done.customer_id, purpose=done.purpose, channels=done.channels, entry_ids=done.entries
    )


@router.get("/customers/{customer_id}/consent")
async def get_consent(
    here: Here, _asking: Reading, customer_id: UUID, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> consents.ConsentView:
    """What counts for a customer now, for each purpose and channel, and the ledger, newest first."""
    found = await queries.get_consent(here, customer_id=customer_id, before=_before(page_token), limit=limit)
    return consents.ConsentView(
        customer_id=found.customer_id, version=found.version, purposes=_standings(found.standings),
        data=[_entry(entry) for entry in found.entries],
        next_page_token=web.page_token(str(found.entries[-1].id)) if found.more else None,
    )


def _before(page_token: str | None) -> UUID | None:
    try:
        return UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def _subject(here: ConsentService, statement: consents.Statement) -> Subject:
    if (statement.customer_id is None) == (statement.identity is None):
        raise errors.BadSubject("exactly one of the two")
    if statement.customer_id is not None:
        return Subject(customer_id=statement.customer_id)
    try:
        key = parse_identity(statement.identity or "")
    except BadIdentity as bad:
        raise errors.BadSubject(str(bad)) from None
    return Subject(identity=here.hash_identity(str(key)))


def _actor(asking: Caller) -> str:
    return f"{asking.kind}:{asking.subject}"


def _purpose(purpose: Purpose) -> purposes.PurposeView:
    return purposes.PurposeView(**purpose._asdict())


def _recorded(found: Recorded) -> consents.RecordedView:
    return consents.RecordedView(**found._asdict(), waiting=found.customer_id is None)


def _entry(entry: Entry) -> consents.EntryView:
    values = entry._asdict()
    del values["identity"]
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
            since=said.at if said else None, entry_id=said.entry if said else None,
        )
    return list(found.values())
