"""Fits of models: asked for, run in a process of their own, compared with the model in use, scores written and told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pyarrow as pa

from chassis import telemetry
from chassis.ids import new_id
from contracts.analytics import ScoreChanged
from services.analytics import errors
from services.analytics.commands import frames, loading
from services.analytics.commands.fit_process import COMMAND
from services.analytics.domain.models import asking, deciding
from services.analytics.domain.purposes import Bound, permission
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating, model_frames, models, scores

#: A process that was cut off is started again this often in all.
ATTEMPTS: Final = 3
CHUNK: Final = 5_000
SAID_EVERY: Final = 1.0
#: Among the options of a fit: for which purpose it is (`domain.purposes.Bound`).
PURPOSE: Final = "purpose"

_log = telemetry.logger(__name__)


class Broken(Exception):
    """The process ended without a result."""


async def ask_fit(service: AnalyticsService, *, kind: str, options: dict[str, Any], by: str, purpose: Bound | None = None) -> UUID:
    """A fit that a job will run, of those who allow the purpose, if one is named. Raises Unknown, Invalid, Conflict while another one of the same model waits or runs."""
    known = asking.KINDS.get(kind)
    if known is None:
        raise errors.unknown_model(sorted(asking.KINDS))
    try:
        checked = asking.check(known, options)
    except asking.BadOption as error:
        raise errors.bad_options(error.pointer, error.message) from None
    except asking.Leak as leak:
        raise errors.leaks(str(leak)) from None
    if kind in {"propensity", "uplift"} and "outcome" not in checked:
        given = await frames.setting(service)
        later = await service.resources.read(lambda connection: model_frames.known_later(connection, given, checked))
        if later:
            raise errors.known_later(later)
    if purpose is not None:
        checked[PURPOSE] = purpose._asdict()
    fit_id = new_id()
    async with service.transaction() as tx:
        name = checked.pop("name", "default")
        if not await models.insert_fit(tx.db, fit_id=fit_id, kind=kind, name=name, options=checked, by=by, at=service.clock.now()):
            raise errors.fit_runs()
    return fit_id


async def work_on_fits(service: AnalyticsService) -> bool:
    """Run the fit that waits, or the one whose process was cut off. True when there was one."""
    async with service.read() as db:
        fit = await models.open_fit(db)
    if fit is None or not await loading.caught_up(service):
        return False
    if fit["attempts"] >= ATTEMPTS:
        await _fail(service, fit["fit_id"], f"the fitting process was cut off {ATTEMPTS} times; is there enough memory?")
        return True
    async with service.transaction() as tx:
        await models.begin_fit(tx.db, fit_id=fit["fit_id"], at=service.clock.now())
    with tempfile.TemporaryDirectory(prefix="ecrm-fit-") as name:
        folder = Path(name)
        customers = await _write_job(service, fit, folder)
        try:
            await _run(service, fit["fit_id"], folder)
        except Broken:
            _log.warning("fit_cut_off", service=service.name, attempt=fit["attempts"] + 1)
            return True
        result = msgspec.json.decode((folder / "result.json").read_bytes())
        if "error" in result:
            await _fail(service, fit["fit_id"], result["error"])
            return True
        await _take_over(service, fit, folder, customers, result)
    return True


async def _write_job(service: AnalyticsService, fit: dict[str, Any], folder: Path) -> list[str]:
    """Leave frame, job and the artefact of the model in use in the folder; returns the customers of the rows."""
    given = await frames.setting(service)
    kind, options = fit["kind"], {name: value for name, value in fit["options"].items() if name != PURPOSE}
    async with service.read() as db:
        used = next((one for one in await models.models_in_use(db) if (one["kind"], one["name"]) == (kind, fit["name"])), None)
    asked = options | ({"also": used["options"].get("attributes") or list(asking.FIGURES)} if used and kind in asking.COMPARED_BY_RECIPE else {})
    table, about = await service.resources.read(lambda connection: model_frames.build(connection, kind, given, asked))
    if PURPOSE in fit["options"]:
        table = await _of_those_who_allow(service, table, bound=Bound(**fit["options"][PURPOSE]))
    # Of interests the frame has a row for each product of a customer, the scores one for each customer.
    customers: list[str] = table.column("customer").to_pylist() if "customer" in table.column_names else sorted(set(table.column("owner").to_pylist()))
    with pa.OSFile(str(folder / "frame.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    (folder / "job.json").write_bytes(msgspec.json.encode({"kind": kind, "options": options, "about": about}))
    async with service.read() as db:
        artefact = await models.artefact_in_use(db, kind=kind, name=fit["name"])
    if artefact is not None:
        (folder / "previous.npz").write_bytes(artefact)
    return customers


async def _of_those_who_allow(service: AnalyticsService, table: pa.Table, *, bound: Bound) -> pa.Table:
    """The rows of customers who allow the purpose, as the warehouse knows now."""
    column = "customer" if "customer" in table.column_names else "owner"
    allowed = await allowing(service, bound=bound, customers=[UUID(each) for each in set(table.column(column).to_pylist())])
    return table.filter(pa.array([UUID(each) in allowed for each in table.column(column).to_pylist()], type=pa.bool_()))


async def allowing(service: AnalyticsService, *, bound: Bound, customers: Sequence[UUID]) -> set[UUID]:
    """Those of the customers who allow the purpose now."""
    now = service.clock.now()
    found: set[UUID] = await service.resources.read(
        lambda connection: evaluating.holding(connection, customers=customers, rule=permission(bound), now=now)
    )
    return found


async def drop_withdrawn(service: AnalyticsService) -> int:
    """Take the scores of models that were fitted for a purpose from everybody who does not allow it any more; who allows it newly waits for
    the next fit. Returns how many lost one.
    """
    lost = 0
    async with service.read() as db:
        used = [each for each in await models.models_in_use(db) if PURPOSE in each["options"]]
    for each in used:
        score = asking.score_name(each["kind"], each["name"])
        async with service.read() as db:
            holders = await scores.holders(db, score=score)
        allowed = await allowing(service, bound=Bound(**each["options"][PURPOSE]), customers=holders)
        gone = [customer for customer in holders if customer not in allowed]
        if gone:
            now = service.clock.now()
            async with service.transaction() as tx:
                for customer, previous in await scores.take_score(tx.db, score=score, customers=gone, at=now):
                    tx.tell(ScoreChanged(customer_id=str(customer), score=score, value="", previous=previous, changed_at=now))
            lost += len(gone)
    return lost


async def _run(service: AnalyticsService, fit_id: UUID, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, str(folder), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        said_at = service.clock.monotonic()
        async for line in process.stdout:
            if service.clock.monotonic() - said_at >= SAID_EVERY:
                said_at = service.clock.monotonic()
                async with service.transaction() as tx:
                    await models.note_progress(tx.db, fit_id=fit_id, progress=float(line))
        if await process.wait():
            raise Broken
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _fail(service: AnalyticsService, fit_id: UUID, error: str) -> None:
    async with service.transaction() as tx:
        await models.fail_fit(tx.db, fit_id=fit_id, error=error, at=service.clock.now())


async def _take_over(service: AnalyticsService, fit: dict[str, Any], folder: Path, customers: list[str], result: dict[str, Any]) -> None:
    """Scores first, then the version: after a crash in between the fit runs again, and values that are stored already are not told twice."""
    use = fit["options"].get("replace") == "always" or deciding.takes_over(result["comparison"])
    score = asking.score_name(fit["kind"], fit["name"])
    if use and result["scored"]:
        await write_scores(service, score=score, rows=_scored(folder / "scores.jsonl", customers))
    async with service.transaction() as tx:
        version = await models.settle_fit(
            tx.db, fit_id=fit["fit_id"], kind=fit["kind"], name=fit["name"], result=result, artefact=(folder / "artefact.npz").read_bytes(), use=use,
            at=service.clock.now(),
        )
    _log.info("fit_ended", service=service.name, count=version)
    if use and score == "lifetime":
        await after_lifetime(service)


async def after_lifetime(service: AnalyticsService) -> None:
    """Who has another future value may have another tier."""
    from services.analytics.commands import ruling

    await ruling.recompute_tiers(service)


def _scored(path: Path, customers: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for customer, line in zip(customers, file, strict=True):
            one = msgspec.json.decode(line)
            if one is not None:
                yield customer, one


async def write_scores(service: AnalyticsService, *, score: str, rows: Iterator[tuple[str, dict[str, Any]]]) -> int:
    """Write a score of these customers, tell what changed, and take it from everybody else who has it; returns how many carry it."""
    now = service.clock.now()
    kept: list[UUID] = []
    while batch := list(islice(rows, CHUNK)):
        async with service.transaction() as tx:
            changes = await scores.put_scores(
                tx.db, score=score, customers=[UUID(customer) for customer, _ in batch], values=[one["value"] for _, one in batch],
                parts=[{"number": one["number"], **one["parts"]} for _, one in batch], at=now,
            )
            for change in changes:
                tx.tell(ScoreChanged(customer_id=str(change.customer_id), score=score, value=change.value, previous=change.previous, changed_at=now))
        kept += [UUID(customer) for customer, _ in batch]
    async with service.transaction() as tx:
        for customer, previous in await scores.drop_score(tx.db, score=score, keep=kept, at=now):
            tx.tell(ScoreChanged(customer_id=str(customer), score=score, value="", previous=previous, changed_at=now))
    return len(kept)
