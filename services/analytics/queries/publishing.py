"""Documented tables, copies of them, questions in SQL and checksums."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from services.analytics import errors
from services.analytics.domain import asking
from services.analytics.queries import measuring
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, metric_sql, publishing, questions

#: A question that has to wait longer for the one before it is refused.
WAIT_SECONDS: Final = 10.0


async def list_tables(service: AnalyticsService) -> list[dict[str, Any]]:
    """What may be copied and asked."""
    return await service.resources.read(publishing.describe)


async def copy_table(service: AnalyticsService, *, name: str, form: str, after: int, purpose: str | None) -> tuple[Path, int, int]:
    """(file, rows, number of the last commit); the caller removes the file. For a purpose only people who granted it. Raises Unknown."""
    if name not in publishing.TABLES:
        raise errors.unknown_table(sorted(publishing.TABLES))
    limit = await measuring.scope_rule(service, market=None, segment_id=None, purpose=purpose)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    folder = Path(service.settings.data_dir)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="copy-", suffix=f".{form}", delete=False) as file:
        target = Path(file.name)

    def read(connection: Any) -> tuple[int, int]:
        if limit is not None:
            metric_sql.limit_to(connection, limit, now=service.clock.now(), currency=currency)
        return publishing.copy(connection, name=name, form=form, target=target, after=after, scoped=limit is not None)

    try:
        rows, commit = await service.resources.read(read)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target, rows, commit


async def ask(service: AnalyticsService, *, sql: str, parameters: list[Any], limit: int) -> dict[str, Any]:
    """The rows of one reading statement, within limits. Raises Invalid, Unavailable."""
    seconds, started = service.settings.question_seconds, service.clock.monotonic()
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await service.resources.asking.acquire()
    except TimeoutError:
        raise errors.questions_busy() from None
    try:
        found = await service.resources.read(
            lambda connection: questions.answer(connection, sql=sql, parameters=parameters, limit=limit, seconds=seconds)
        )
    except asking.Refused as refused:
        raise errors.bad_question(str(refused)) from None
    except questions.TooLong:
        raise errors.question_too_long(seconds) from None
    finally:
        service.resources.asking.release()
    return {
        "columns": [{"name": name, "type": kind} for name, kind in found.columns], "rows": found.rows, "truncated": found.truncated,
        "duration_ms": round((service.clock.monotonic() - started) * 1000, 1), "data_age_s": measuring.data_age(service),
    }


async def get_checksums(service: AnalyticsService) -> dict[str, Any]:
    """Of every table that the log gives again."""
    return {"birth": service.resources.birth, "tables": await service.resources.read(publishing.checksums)}
