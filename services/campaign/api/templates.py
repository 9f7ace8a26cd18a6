"""`/api/v1/templates`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.domain.entities import Template
from services.campaign.schemas.templates import (
    CheckTemplate,
    CheckView,
    FindingView,
    Preview,
    PreviewView,
    SendTest,
    SentView,
    TemplateView,
    WriteTemplate,
)
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/templates", tags=["templates"])

Running = Annotated[CampaignService, Depends(web.service)]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")


@router.post("", status_code=201, dependencies=[WRITE])
async def create_template(service: Running, body: WriteTemplate) -> TemplateView:
    """Write a template; it is checked and compiled at once."""
    return _view(await commands.create_template(service, name=body.name, locales=_locales(body), fallback=body.fallback, form=body.format))


@router.get("", dependencies=[READ])
async def list_templates(service: Running, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[TemplateView]:
    """All templates, newest first, each in its newest version."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_templates(service, after=after, limit=limit + 1)
    views = [_view(template) for template in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{template_id}", dependencies=[READ])
async def get_template(service: Running, template_id: UUID, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None) -> TemplateView:
    """The newest version, or the one that is asked for."""
    return _view(await queries.get_template(service, template_id=template_id, version=version))


@router.put("/{template_id}", dependencies=[WRITE])
async def change_template(service: Running, template_id: UUID, body: WriteTemplate) -> TemplateView:
    """Write a new version; campaigns that were launched keep theirs."""
    return _view(
        await commands.change_template(service, template_id=template_id, name=body.name, locales=_locales(body), fallback=body.fallback, form=body.format)
    )


@router.post("/{template_id}/preview", dependencies=[READ])
async def preview(service: Running, template_id: UUID, body: Preview) -> PreviewView:
    """The mail as this customer, or these sample data, would make it."""
    template, locale, rendered = await queries.preview(
        service, template_id=template_id, version=body.version, customer_id=body.customer_id, data=body.data, locale=body.locale
    )
    return PreviewView(locale=locale, version=template.version, subject=rendered.subject, html=rendered.html, text=rendered.text)


@router.post("/{template_id}/check", dependencies=[READ])
async def check(service: Running, template_id: UUID, body: CheckTemplate | None = None) -> CheckView:
    """Missing variables, dead links, missing unsubscribe link and plain text, languages nobody wrote for: nothing is sent."""
    asked = body or CheckTemplate()
    return check_view(await queries.check_template(service, template_id=template_id, version=asked.version, follow_links=asked.follow_links))


def check_view(findings: list[queries.CheckFinding]) -> CheckView:
    return CheckView(ok=not any(each.level == "error" for each in findings), findings=[FindingView(**each._asdict()) for each in findings])


@router.post("/{template_id}/test", dependencies=[web.allow("campaigns:send")])
async def send_test(service: Running, template_id: UUID, body: SendTest) -> list[SentView]:
    """Send the preview to up to five addresses of yours, marked as a test; it is in no report."""
    _, _, rendered = await queries.preview(
        service, template_id=template_id, version=body.version, customer_id=body.customer_id, data=body.data, locale=body.locale
    )
    sent = await commands.send_test(service, rendered=rendered, to=body.to, from_address=body.from_address, from_name=body.from_name)
    return [SentView(**each._asdict()) for each in sent]


def _locales(body: WriteTemplate) -> dict[str, dict[str, str]]:
    return {locale: {"subject": content.subject, "body": content.body} for locale, content in body.locales.items()}


def _view(template: Template) -> TemplateView:
    return TemplateView(
        id=template.id, name=template.name, version=template.version, format=template.form, locales=template.locales, fallback=template.fallback,
        created_at=template.created_at, updated_at=template.updated_at,
    )
