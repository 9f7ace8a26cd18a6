"""Old consents from files: the file is the body, its progress and its refused rows are asked for."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from chassis import web
from chassis.errors import Invalid
from chassis.tabular import Layout
from services.consent import commands, queries
from services.consent.api.asking import Here, Reading, Writing, actor, before, number
from services.consent.queries.imports import Import
from services.consent.schemas.imports import ImportErrorView, ImportView

router = APIRouter(prefix="/api/v1/consents/imports", tags=["consent"])

FORMATS = {"text/csv": "csv", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl"}
Limit = Annotated[int, Query(ge=1, le=500)]
_FILE = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}, "application/x-ndjson": {"schema": {"type": "string"}}}}}


@router.post("", status_code=202, openapi_extra=_FILE)
async def start_import(
    here: Here, asking: Writing, request: Request, name: Annotated[str, Query(min_length=1, max_length=100, pattern=r"^[\w .:-]+$")] = "file",
    format: Literal["csv", "jsonl"] | None = None, dry_run: bool = False, mapping: Annotated[str | None, Query(max_length=8000)] = None,
) -> ImportView:
    """Import a file (the body: `text/csv` or `application/x-ndjson`). Each row names the person, `purpose`, `channel`, `state`, `said_at` and, of a
    grant, its `evidence`; further columns count as evidence. `dry_run=true` checks and records nothing. `mapping`: JSON, if columns are called
    otherwise. The same row is recorded once, however often it comes.
    """
    kind = format or FORMATS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind is None:
        raise Invalid("consent.unknown_format", "Say `Content-Type: text/csv` or `application/x-ndjson`, or `?format=csv` or `jsonl`.")
    try:
        layout = Layout.model_validate_json(mapping) if mapping else Layout()
    except ValidationError as error:
        faults = [{"pointer": "/mapping/" + "/".join(str(part) for part in fault["loc"]), "detail": fault["msg"]} for fault in error.errors()]
        raise Invalid("request.invalid", "`mapping` cannot be used.", errors=faults) from None
    made = await commands.start_import(
        here, name=name, format=kind, layout=layout.model_dump(exclude_defaults=True), content=await request.body(), dry_run=dry_run,
        actor=actor(asking),
    )
    return _view(made)


@router.get("")
async def list_imports(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 50) -> web.Page[ImportView]:
    """All imports, the newest first."""
    found = await queries.list_imports(here, before=before(page_token), limit=limit)
    return web.Page(data=[_view(one) for one in found], next_page_token=web.page_token(str(found[-1].id)) if len(found) == limit else None)


@router.get("/{import_id}")
async def get_import(here: Here, _asking: Reading, import_id: UUID) -> ImportView:
    """How far an import is."""
    return _view(await queries.get_import(here, import_id=import_id))


@router.get("/{import_id}/errors")
async def list_import_errors(
    here: Here, _asking: Reading, import_id: UUID, page_token: str | None = None, limit: Limit = 100
) -> web.Page[ImportErrorView]:
    """Rows that were refused, and why."""
    found = await queries.list_import_errors(here, import_id=import_id, after=number(page_token), limit=limit)
    views = [ImportErrorView(line=one.line, code=one.code, reason=one.reason) for one in found]
    return web.Page(data=views, next_page_token=web.page_token(found[-1].line) if len(found) == limit else None)


def _view(found: Import) -> ImportView:
    values = found._asdict()
    del values["actor"]
    return ImportView(**values)
