"""Lists of customers in and out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis import web
from chassis.errors import Invalid
from chassis.tabular import Layout
from chassis.web import Page
from services.customer import commands, errors, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after, place, source
from services.customer.api.views import SENSITIVE
from services.customer.domain import exporting
from services.customer.schemas.transfers import (
    AskExport,
    DeclareImport,
    ExportView,
    FileFormat,
    ImportErrorView,
    ImportView,
    ListName,
    Origin,
    StartImport,
)

router = APIRouter(prefix="/api/v1", tags=["imports and exports"])

PART_BYTES = 4 * 1024 * 1024
_BY_TYPE: dict[str, FileFormat] = {
    "text/csv": "csv", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl", "application/vnd.apache.parquet": "parquet",
}


@router.post("/imports", status_code=201)
async def declare_import(here: Here, asking: Writing, body: DeclareImport, response: Response) -> ImportView:
    """Begin an import: then PUT the file in pieces to `/parts/1`, `/parts/2`, … and POST `/start`."""
    _check_layout(body.mapping, body.format)
    import_id = await commands.declare_import(
        here, name=body.name, format=body.format, layout=body.mapping, origin=body.origin.model_dump(mode="json", exclude_none=True),
        dry_run=body.dry_run, as_of=body.as_of, by=source(asking),
    )
    response.headers["location"] = f"/api/v1/imports/{import_id}"
    return await _import(here, import_id)


@router.post("/imports/file", status_code=202)
async def import_file(
    here: Here, asking: Writing, request: Request, response: Response, name: Annotated[ListName, Query()], dry_run: bool = False,
    content_type: Annotated[str, Header()] = "",
) -> ImportView:
    """A file of at most 4 MiB as the body (text/csv, application/x-ndjson, application/vnd.apache.parquet): imported at once."""
    form = _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    if form is None:
        raise Invalid("import.bad_type", f"Send the file with one of the content types {', '.join(_BY_TYPE)}.")
    content = await _body(request)
    import_id = await commands.declare_import(
        here, name=name, format=form, layout=Layout(), origin=Origin().model_dump(mode="json", exclude_none=True), dry_run=dry_run, as_of=None,
        by=source(asking),
    )
    await commands.put_import_part(here, import_id=import_id, number=1, content=content)
    await commands.start_import(here, import_id=import_id, parts=1)
    response.headers["location"] = f"/api/v1/imports/{import_id}"
    return await _import(here, import_id)


@router.put("/imports/{import_id}/parts/{number}", status_code=204)
async def put_part(here: Here, _asking: Writing, import_id: UUID, number: int, request: Request) -> None:
    """A piece of the file, cut anywhere; sending a number again is harmless."""
    if not 1 <= number <= commands.MAX_PARTS:
        raise Invalid("import.bad_part", f"Pieces are numbered from 1 to {commands.MAX_PARTS}.")
    await commands.put_import_part(here, import_id=import_id, number=number, content=await _body(request))


@router.post("/imports/{import_id}/start", status_code=202)
async def start_import(here: Here, _asking: Writing, import_id: UUID, body: StartImport, response: Response) -> ImportView:
    """All pieces have arrived."""
    response.headers["location"] = f"/api/v1/imports/{import_id}"
    await commands.start_import(here, import_id=import_id, parts=body.parts)
    return await _import(here, import_id)


@router.get("/imports")
async def list_imports(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 50) -> Page[ImportView]:
    """The newest first."""
    rows = await queries.list_imports(here, before=after(page_token), limit=limit)
    return Page(data=[_import_view(row) for row in rows], next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.get("/imports/{import_id}")
async def get_import(here: Here, _asking: Reading, import_id: UUID) -> ImportView:
    """How far it is."""
    return await _import(here, import_id)


@router.get("/imports/{import_id}/errors", response_model=None)
async def list_import_errors(
    here: Here, _asking: Reading, import_id: UUID, accept: Annotated[str, Header()] = "", page_token: str | None = None, limit: Limit = 100
) -> Page[ImportErrorView] | StreamingResponse:
    """Refused rows with line, code and reason; as a file with `Accept: text/csv`."""
    if "text/csv" in accept:
        await queries.get_import(here, import_id=import_id)
        return StreamingResponse(_error_file(here, import_id), media_type="text/csv")
    rows = await queries.list_import_errors(here, import_id=import_id, after=place(page_token), limit=limit)
    views = [ImportErrorView(line=line, code=code, reason=reason) for line, code, reason in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1][0]) if len(rows) == limit else None)


@router.post("/imports/{import_id}/cancel")
async def cancel_import(here: Here, _asking: Writing, import_id: UUID) -> ImportView:
    """Stop; what was imported stays, and can be undone."""
    await commands.cancel_import(here, import_id=import_id)
    return await _import(here, import_id)


@router.post("/imports/{import_id}/undo", status_code=202)
async def undo_import(here: Here, _asking: Writing, import_id: UUID, response: Response) -> ImportView:
    """Take back what the import told, linked, merged and made; what came from elsewhere stays."""
    response.headers["location"] = f"/api/v1/imports/{import_id}"
    await commands.undo_import(here, import_id=import_id)
    return await _import(here, import_id)


def _wanted(body: AskExport) -> dict[str, Any]:
    purpose = body.model_dump(include={"purpose", "channel"}, exclude_none=True)
    return body.filter.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | purpose


@router.post("/exports", status_code=202)
async def ask_export(here: Here, asking: Reading, body: AskExport, response: Response) -> ExportView:
    """Write a file of customers; sensitive traits are in it for callers who may see them."""
    export_id = await commands.ask_export(
        here, format=body.format, fields=body.fields, filter=_wanted(body),
        sensitive=asking.may(SENSITIVE), by=source(asking),
    )
    response.headers["location"] = f"/api/v1/exports/{export_id}"
    return await get_export(here, asking, export_id)


@router.get("/exports")
async def list_exports(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 50) -> Page[ExportView]:
    """The newest first."""
    rows = await queries.list_exports(here, before=after(page_token), limit=limit)
    views = [ExportView(**row._asdict() | {"filter": json.loads(row.filter), "progress": _progress(row.done, row.total)}) for row in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.get("/exports/{export_id}")
async def get_export(here: Here, _asking: Reading, export_id: UUID) -> ExportView:
    """How far it is."""
    row = await queries.get_export(here, export_id=export_id)
    return ExportView(**row._asdict() | {"filter": json.loads(row.filter), "progress": _progress(row.done, row.total)})


@router.get("/exports/{export_id}/content", response_class=StreamingResponse)
async def read_export(here: Here, asking: Reading, export_id: UUID) -> StreamingResponse:
    """The file."""
    row = await queries.get_export(here, export_id=export_id)
    if row.state != "done":
        raise errors.export_not_ready(row.state)
    if row.sensitive and not asking.may(SENSITIVE):
        raise errors.export_hidden()
    return StreamingResponse(
        queries.read_export(here, export_id=export_id), media_type=exporting.FORMATS[row.format],
        headers={"content-length": str(row.bytes), "content-disposition": f'attachment; filename="customers-{row.id}.{row.format}"'},
    )


@router.delete("/exports/{export_id}", status_code=204)
async def remove_export(here: Here, _asking: Writing, export_id: UUID) -> None:
    """Take the file away before its week is over."""
    await commands.remove_export(here, export_id=export_id)


def _check_layout(layout: Layout, form: str) -> None:
    if layout.format not in {None, form}:
        raise Invalid("import.bad_mapping", "`mapping.format` is another one than `format`: leave it out.", pointer="/mapping/format")
    if not layout.header and not layout.names and form in {"csv", "whitespace"}:
        raise Invalid("import.bad_mapping", "A file without a header needs `names`, the columns from left to right.", pointer="/mapping/names")


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > PART_BYTES:
            raise Invalid("import.part_too_large", f"A piece is at most {PART_BYTES:,} bytes: cut the file in smaller ones.")
    if not content:
        raise Invalid("import.empty", "The body is empty: send the file, or a piece of it.")
    return bytes(content)


async def _import(here: Here, import_id: UUID) -> ImportView:
    return _import_view(await queries.get_import(here, import_id=import_id))


def _import_view(row: queries.ImportRow) -> ImportView:
    return ImportView(**row._asdict() | {"origin": json.loads(row.origin), "progress": _progress(row.done, row.total)})


def _progress(done: int, total: int | None) -> float | None:
    return None if total is None else 1.0 if not total else min(1.0, done / total)


async def _error_file(here: Here, import_id: UUID) -> AsyncIterator[str]:
    yield "line,code,reason\r\n"
    last = 0
    while rows := await queries.list_import_errors(here, import_id=import_id, after=last, limit=1000):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        last = rows[-1][0]
        yield text.getvalue()
