"""Trait definitions: what a trait may be, which are in use, which values were refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from chassis import web
from chassis.conditions import IfMatch, IfNoneMatch, etag, unchanged, versions
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after, source
from services.customer.domain.definitions import Definition
from services.customer.schemas.traits import DefinedTrait, DefineTrait, MisfitsView, RefusalView, TraitDefinitionView

router = APIRouter(prefix="/api/v1", tags=["traits"])

Name = Annotated[str, Path(min_length=1, max_length=300, description="`firstName` and `first_name` are `given_name`.")]
Fresh = Annotated[str | None, Header(alias="if-none-match", description="`*`: only if the trait is not defined yet.", pattern=r"^\s*\*\s*$")]


@router.get("/traits", response_model_by_alias=True)
async def list_traits(here: Here, _asking: Reading) -> Page[TraitDefinitionView]:
    """All definitions, then the names in use that nobody defined (the 500 that most customers have)."""
    return Page(data=[_view(used.name, used.definition, used=used) for used in await queries.list_traits(here)])


@router.get("/traits/{name}", response_model=TraitDefinitionView)
async def get_trait(here: Here, _asking: Reading, name: Name, response: Response, if_none_match: IfNoneMatch = None) -> object:
    """One definition; its version is the ETag."""
    definition = await queries.get_definition(here, name=name)
    if unchanged(if_none_match, definition.version):
        return Response(status_code=304, headers={"etag": etag(definition.version)})
    response.headers["etag"] = etag(definition.version)
    return _view(definition.name, definition)


@router.put("/traits/{name}")
async def define_trait(
    here: Here, asking: Writing, name: Name, body: DefineTrait, response: Response, if_match: IfMatch = None, if_none_match: Fresh = None
) -> DefinedTrait:
    """Say what a trait may be (201 the first time). Values that are there stay; the answer says how many no longer fit."""
    done = await commands.define_trait(
        here, name=name, schema=body.schema_, title=body.title, description=body.description, classification=body.classification,
        sources=body.sources, purpose=body.purpose, by=source(asking), versions=versions(if_match), fresh=if_none_match is not None,
    )
    misfits = await queries.count_misfits(here, name=name)
    response.status_code = 201 if done.created else 200
    response.headers["etag"] = etag(done.definition.version)
    shown = MisfitsView.model_validate(
        misfits._asdict() | {"reasons": [misfit._asdict() for misfit in misfits.reasons]}
    )
    return DefinedTrait(**_view(done.definition.name, done.definition).model_dump(), misfits=shown)


@router.delete("/traits/{name}", status_code=204)
async def remove_trait_definition(here: Here, asking: Writing, name: Name, if_match: IfMatch = None) -> None:
    """Anything goes again; the values stay."""
    await commands.remove_definition(here, name=name, by=source(asking), versions=versions(if_match))


@router.get("/traits/{name}/refusals")
async def list_refusals(here: Here, _asking: Reading, name: Name, page_token: str | None = None, limit: Limit = 100) -> Page[RefusalView]:
    """Values of events that did not fit and were left out, newest first."""
    found = await queries.list_refusals(here, name=name, after=after(page_token), limit=limit)
    views = [
        RefusalView(
            id=row.id, source=row.source, event_id=row.event_id, reason=row.reason, value=None if found.hidden else row.value, at=row.at
        )
        for row in found.rows
    ]
    return Page(data=views, next_page_token=web.page_token(found.rows[-1].id) if len(found.rows) == limit else None)


def _view(name: str, definition: Definition | None, *, used: queries.Used | None = None) -> TraitDefinitionView:
    view = TraitDefinitionView(name=name, defined=definition is not None)
    if definition is not None:
        view = TraitDefinitionView(
            name=name, defined=True, schema_=definition.schema, title=definition.title, description=definition.description,
            classification=definition.classification, sources=list(definition.sources), purpose=definition.purpose,
            version=definition.version, changed_at=definition.changed_at, changed_by=definition.changed_by,
        )
    if used is None:
        return view
    return view.model_copy(update={"customers": used.customers, "estimated": used.estimated, "settled": used.settled})
