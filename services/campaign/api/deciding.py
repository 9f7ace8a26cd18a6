"""`POST /api/v1/decisions` and `/api/v1/site-messages`: what a visitor of the site gets now, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.experiments import effect_view
from services.campaign.commands import Decided
from services.campaign.domain import deciding, locales
from services.campaign.domain.deciding import Basket, SiteMessage
from services.campaign.domain.significance import Counted
from services.campaign.schemas.deciding import (
    AskDecision,
    DecidedView,
    ReasonView,
    ShownView,
    SiteArm,
    SiteFiguresView,
    SiteMessageView,
    VisitorView,
    WriteSiteMessage,
)
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1", tags=["decisions"])

Running = Annotated[CampaignService, Depends(web.service)]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")


@router.post("/decisions", dependencies=[READ])
async def decide(service: Running, body: AskDecision) -> DecidedView:
    """Recognise a visit and say which message it gets in this place, and why not the others."""
    basket = Basket(
        body.basket.total_minor, body.basket.currency, frozenset(line.product_id for line in body.basket.lines),
        frozenset(line.category for line in body.basket.lines if line.category),
    )
    made = await commands.decide(
        service, placement=body.placement, user_id=body.user_id, anonymous_id=body.anonymous_id, identities=body.identities, basket=basket
    )
    return _decided(made, language=body.locale, orders=service.resources.languages)


@router.post("/decisions/{decision_id}/click", status_code=204, dependencies=[READ])
async def click(service: Running, decision_id: UUID) -> None:
    """The visitor followed the message."""
    await commands.note_decision_click(service, decision_id=decision_id)


@router.post("/site-messages", status_code=201, dependencies=[WRITE])
async def create_site_message(service: Running, body: WriteSiteMessage) -> SiteMessageView:
    """It is shown from now on where it fits."""
    given = {**body.model_dump(exclude={"conditions", "locales"}), "conditions": body.conditions}
    texts = {locale: content.model_dump() for locale, content in body.locales.items()}
    return _view(await commands.create_site_message(service, **given, locales=texts))


@router.get("/site-messages", dependencies=[READ])
async def list_site_messages(
    service: Running, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[SiteMessageView]:
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_site_messages(service, after=after, limit=limit + 1)
    views = [_view(message) for message in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/site-messages/{message_id}", dependencies=[READ])
async def get_site_message(service: Running, message_id: UUID) -> SiteMessageView:
    return _view(await queries.get_site_message(service, message_id=message_id))


@router.delete("/site-messages/{message_id}", status_code=204, dependencies=[WRITE])
async def end_site_message(service: Running, message_id: UUID) -> None:
    """It is shown no more."""
    await commands.end_site_message(service, message_id=message_id)


@router.get("/site-messages/{message_id}/figures", dependencies=[READ])
async def get_figures(service: Running, message_id: UUID) -> SiteFiguresView:
    """Who saw it, who followed it, who ordered, against those who were held out."""
    found = await queries.get_site_figures(service, message_id=message_id)
    by = {row["arm"]: Counted(row["customers"], row["ordered"]) for row in found}
    treated, control = by.get("treated"), by.get("holdout")
    both = treated is not None and control is not None and treated.people > 0 and control.people > 0
    return SiteFiguresView(
        message_id=message_id, arms=[SiteArm(**row) for row in found],
        effect=effect_view(treated, control) if both and treated is not None and control is not None else None,
    )


def _decided(made: Decided, *, language: str | None, orders: Mapping[str, Sequence[str]]) -> DecidedView:
    choice, visitor = made.choice, made.visitor
    shown = None
    if choice.chosen is not None and not choice.held_out:
        message = choice.chosen
        locale = locales.choose_locale(message.locales, language=language or visitor.language, fallback=message.fallback, orders=orders)
        shown = ShownView(
            id=message.id, name=message.name, locale=locale, content=message.locales[locale], reward_id=message.reward_id,
            values=deciding.values(message, visitor, made.basket), key=message.key,
        )
    return DecidedView(
        decision_id=made.decision_id, message=shown, held_out=choice.held_out,
        visitor=VisitorView(
            kind=visitor.kind, customer_id=visitor.customer_id, stage=visitor.stage if visitor.customer_id else None, tiers=sorted(visitor.tiers)
        ),
        why=[
            ReasonView(message_id=one.message.id, name=one.message.name, reason=one.against or "chosen", detail=one.detail)
            for one in choice.judged
        ],
    )


def _view(message: SiteMessage) -> SiteMessageView:
    return SiteMessageView.model_validate({**message._asdict(), "conditions": message.conditions.model_dump(mode="json", exclude_defaults=True)})
