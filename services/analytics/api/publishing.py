"""Tables to copy, questions in SQL, and checksums over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from chassis import web
from chassis.identity import Caller
from services.analytics.queries import publishing
from services.analytics.schemas.given import Strict
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["warehouse"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
_TYPES = {"parquet": "application/vnd.apache.parquet", "arrow": "application/vnd.apache.arrow.stream", "csv": "text/csv"}


class ColumnView(BaseModel):
    name: str
    type: str


class TableView(BaseModel):
    """`incremental`: rows have the column `commit`, and copies can begin after one."""

    name: str
    about: str
    columns: list[ColumnView]
    rows: int
    incremental: bool


class Question(Strict):
    """One SELECT over the published tables; `parameters` stand for `$1`, `$2`, …"""

    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    parameters: Annotated[list[str | int | float | bool | None], Field(max_length=50)] = []
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000


class AnswerView(BaseModel):
    """`truncated`: there are more rows than `limit`, or than 8 MB."""

    columns: list[ColumnView]
    rows: list[list[Any]]
    truncated: bool
    duration_ms: float
    data_age_s: float | None


class ChecksumView(BaseModel):
    rows: int
    checksum: str


class ChecksumsView(BaseModel):
    """The same content gives the same checksums, in whatever order it came."""

    birth: str
    tables: dict[str, ChecksumView]


@router.get("/api/v1/warehouse/tables")
async def list_tables(service: Running, caller: Reading) -> web.Page[TableView]:
    """The tables that may be copied and asked, with their columns."""
    return web.Page(data=[TableView(**one) for one in await publishing.list_tables(service)])


@router.get("/api/v1/warehouse/tables/{name}", response_class=FileResponse)
async def copy_table(
    name: str, service: Running, caller: Reading, form: Annotated[Literal["parquet", "arrow", "csv"], Query(alias="format")] = "parquet",
    after: Annotated[int, Query(ge=0, le=2**62, description="Only rows of later commits: the X-Warehouse-Commit of the copy before.")] = 0,
    purpose: Annotated[str | None, Query(max_length=100, description="Only people who granted this purpose.")] = None,
) -> FileResponse:
    """A copy of a table, whole or what came since the one before."""
    target, rows, commit = await publishing.copy_table(service, name=name, form=form, after=after, purpose=purpose)
    headers = {"x-warehouse-commit": str(commit), "x-warehouse-rows": str(rows)}
    return FileResponse(target, media_type=_TYPES[form], filename=f"{name}.{form}", headers=headers, background=BackgroundTask(target.unlink, missing_ok=True))


@router.post("/api/v1/queries")
async def ask(body: Question, service: Running, caller: Reading) -> AnswerView:
    """Rows of one reading statement: so many seconds, rows and bytes, published tables and known functions alone, no files."""
    return AnswerView(**await publishing.ask(service, sql=body.sql, parameters=list(body.parameters), limit=body.limit))


@router.get("/internal/warehouse/checksums", include_in_schema=False)
async def get_checksums(service: Running, caller: Annotated[Caller, web.allow("admin")]) -> ChecksumsView:
    """Rows and checksums of the tables that are filled from the log."""
    return ChecksumsView(**await publishing.get_checksums(service))
