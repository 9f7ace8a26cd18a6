"""Purposes, and which of them a consent mode speaks of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from chassis import web
from services.consent import commands, queries
from services.consent.api.asking import Here, Reading, Writing, actor
from services.consent.domain.statements import Purpose
from services.consent.schemas import purposes as schemas
from services.consent.schemas.consents import MapMode, ModeView

router = APIRouter(prefix="/api/v1", tags=["consent"])

ModeType = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


@router.get("/purposes")
async def list_purposes(here: Here, _asking: Reading) -> web.Page[schemas.PurposeView]:
    """The newest version of every purpose."""
    return web.Page(data=[_purpose(found) for found in await queries.list_purposes(here)])


@router.post("/purposes", status_code=201)
async def define_purpose(here: Here, asking: Writing, body: schemas.DefinePurpose) -> schemas.PurposeView:
    """Define a purpose; 409 when the name is taken."""
    return _purpose(await commands.define_purpose(here, actor=actor(asking), **body.model_dump()))


@router.get("/purposes/{purpose}")
async def list_purpose_versions(here: Here, _asking: Reading, purpose: str) -> web.Page[schemas.PurposeView]:
    """All versions of a purpose, the newest first."""
    return web.Page(data=[_purpose(found) for found in await queries.list_purpose_versions(here, purpose=purpose)])


@router.put("/purposes/{purpose}")
async def change_purpose(here: Here, asking: Writing, purpose: str, body: schemas.PurposeChange) -> schemas.PurposeView:
    """Give a purpose a new version; what people said under the earlier wording stays as it was said."""
    return _purpose(await commands.change_purpose(here, purpose=purpose, actor=actor(asking), **body.model_dump()))


@router.get("/consents/modes")
async def list_modes(here: Here, _asking: Reading) -> web.Page[ModeView]:
    """Which purposes each type of a consent mode (Google Consent Mode v2) speaks of."""
    return web.Page(data=[ModeView(type=type_, purposes=named) for type_, named in (await queries.list_modes(here)).items()])


@router.put("/consents/modes/{type}")
async def map_mode(here: Here, _asking: Writing, type: ModeType, body: MapMode) -> ModeView:
    """From now on a type speaks of these purposes; an empty list: of none."""
    await commands.map_mode(here, type=type, speaks_of=body.purposes)
    return ModeView(type=type, purposes=body.purposes)


def _purpose(purpose: Purpose) -> schemas.PurposeView:
    return schemas.PurposeView(**purpose._asdict())
