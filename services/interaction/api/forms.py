"""Forms and landing pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from chassis import web
from services.interaction import commands, queries
from services.interaction.api import form_pages
from services.interaction.api.timeline import Here, Reader, Writer
from services.interaction.schemas import forms

router = APIRouter(tags=["forms"])
router.include_router(form_pages.router)

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


@router.get("/api/v1/forms", response_model=web.Page[forms.FormView])
async def list_forms(here: Here, caller: Reader) -> dict[str, Any]:
    return {"data": await queries.forms.list_forms(here)}


@router.get("/api/v1/forms/{slug}", response_model=forms.FormView)
async def get_form(here: Here, caller: Reader, slug: Slug, version: Annotated[int | None, Query(ge=1)] = None) -> dict[str, Any]:
    """The newest version, or the one that is named."""
    return await queries.forms.get_form(here, slug=slug, version=version)


@router.put("/api/v1/forms/{slug}", response_model=forms.FormView)
async def put_form(here: Here, caller: Writer, slug: Slug, body: forms.PutForm) -> dict[str, Any]:
    """Write a new version; what visitors see stays until it is published."""
    version = await commands.forms.put_form(here, slug=slug, definition=body.model_dump(exclude_none=True))
    return await queries.forms.get_form(here, slug=slug, version=version)


@router.post("/api/v1/forms/{slug}/publish", response_model=forms.FormView)
async def publish_form(here: Here, caller: Writer, slug: Slug, body: forms.Publish) -> dict[str, Any]:
    """Show a version at `/f/{slug}`."""
    version = body.version or (await queries.forms.get_form(here, slug=slug))["newest"]
    await commands.forms.publish_form(here, slug=slug, version=version)
    return await queries.forms.get_form(here, slug=slug, version=version)


@router.post("/api/v1/forms/{slug}/withdraw", response_model=forms.FormView)
async def withdraw_form(here: Here, caller: Writer, slug: Slug) -> dict[str, Any]:
    """Show it no more."""
    await commands.forms.withdraw_form(here, slug=slug)
    return await queries.forms.get_form(here, slug=slug)
