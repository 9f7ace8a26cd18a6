"""Opportunities and quotes: opened, changed, moved through the stages of their pipeline, reminded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import ids
from chassis.unit_of_work import Transaction
from contracts.interaction import OpportunityMoved, OpportunityStalled
from services.interaction import errors
from services.interaction.commands import tasks
from services.interaction.domain import money, sales
from services.interaction.domain.sales import LOST, OPEN, Stage
from services.interaction.settings import InteractionService
from services.interaction.store import opportunities as store

_AT_ONCE: Final = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_stages = msgspec.json.Decoder(list[Stage]).decode


async def put_pipeline(
    service: InteractionService, *, name: str, title: str, stages: Sequence[Mapping[str, Any]], next_step_required: bool
) -> None:
    """Define a pipeline; deals in it follow at once. Raises Invalid, Conflict when a stage with deals in it would go."""
    listed = [Stage(**stage) for stage in stages]
    try:
        sales.check_stages(listed)
    except sales.BadPipeline as error:
        raise errors.wrong("pipeline.bad_stages", "/stages", f"These stages make no pipeline: {error}.") from None
    async with service.transaction() as tx:
        await store.put_pipeline(
            tx.db, name=name, title=title, stages=_encode(listed).decode(), next_step_required=next_step_required, now=service.clock.now()
        )
        gone = set(await store.list_used_stages(tx.db, name)) - {stage.id for stage in listed}
        if gone:
            raise errors.stage_in_use(sorted(gone))
        for stage in listed:
            await store.follow_stage(
                tx.db, pipeline=name, stage=stage.id, probability=stage.probability, category=stage.category, days=stage.max_age_days
            )


async def open_opportunity(service: InteractionService, *, given: Mapping[str, Any], actor: str) -> UUID:
    """Raises Invalid."""
    async with service.transaction() as tx:
        return await add_opportunity(service, tx, given=given, actor=actor)


async def add_opportunity(service: InteractionService, tx: Transaction, *, given: Mapping[str, Any], actor: str) -> UUID:
    """Open a deal within a transaction; `given` are the fields of `OpenOpportunity`. Raises Invalid."""
    pipeline, stage = await _stage(tx, given["pipeline"], given.get("stage"))
    if stage.kind != OPEN:
        raise errors.wrong("opportunity.closed_stage", "/stage", "A new opportunity begins in an open stage.")
    if pipeline["next_step_required"] and not given.get("next_step"):
        raise errors.next_step_needed()
    _currency(given["currency"])
    now, opportunity_id = service.clock.now(), ids.new_id()
    products = given.get("products") or []
    value = given.get("value_minor")
    own_probability, own_category = given.get("probability"), given.get("category")
    row = {
        **given, "id": opportunity_id, "stage": stage.id, "value_minor": sales.worth(products) if value is None else value,
        "probability": stage.probability if own_probability is None else own_probability, "own_probability": own_probability is not None,
        "category": own_category or stage.category, "own_category": own_category is not None, "products": _encode(products).decode(),
        "state": OPEN, "stage_since": now, "stage_due": sales.due_of(stage, now), "created_at": now, "updated_at": now, "version": 1,
    }
    await store.insert_opportunity(tx.db, row)
    await store.enter_stage(tx.db, opportunity_id=opportunity_id, stage=stage.id, at=now, moved_by=actor)
    await _plan_step(service, tx, row, given.get("next_step"))
    _tell_move(tx, row, None)
    return opportunity_id


async def change_opportunity(service: InteractionService, *, opportunity_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set fields; null for `probability` or `category` lets the stage say it again. Raises Unknown, Invalid."""
    for name in ("title", "value_minor", "currency", "expected_close", "products"):
        if name in changes and changes[name] is None:
            raise errors.wrong("opportunity.no_value", f"/{name}", f"An opportunity keeps its {name}: send another one.")
    if "currency" in changes:
        _currency(changes["currency"])
    async with service.transaction() as tx:
        row = await _found(tx, opportunity_id)
        _, stage = await _stage(tx, row["pipeline"], row["stage"])
        changed = {**row, **changes, "updated_at": service.clock.now()}
        for name, of_stage in (("probability", stage.probability), ("category", stage.category)):
            if name in changes:
                changed[f"own_{name}"] = changes[name] is not None
                changed[name] = of_stage if changes[name] is None else changes[name]
        if "products" in changes:
            changed["products"] = _encode(changes["products"]).decode()
            if "value_minor" not in changes:
                changed["value_minor"] = sales.worth(changes["products"])
        await store.update_opportunity(tx.db, changed)


async def move_opportunity(
    service: InteractionService, *, opportunity_id: UUID, stage: str, reason: str | None, next_step: Mapping[str, Any] | None, actor: str
) -> None:
    """To another stage; to the one it is in changes nothing. A lost deal says why, an open one has a next step. Raises Unknown, Invalid."""
    async with service.transaction() as tx:
        row = await _found(tx, opportunity_id)
        pipeline, wanted = await _stage(tx, row["pipeline"], stage)
        if wanted.kind == LOST and not (reason or "").strip():
            raise errors.wrong("opportunity.no_reason", "/reason", "Say why the deal was lost.")
        if wanted.kind == OPEN and pipeline["next_step_required"] and row["next_step_id"] is None and not next_step:
            raise errors.next_step_needed()
        now = service.clock.now()
        if wanted.id != row["stage"]:
            before = row["stage"]
            row |= {
                "stage": wanted.id, "state": wanted.kind, "reason": reason, "closed_at": None if wanted.kind == OPEN else now, "stage_since": now,
                "stage_due": sales.due_of(wanted, now), "late_told_at": None, "updated_at": now,
            }
            if wanted.kind != OPEN or not row["own_probability"]:
                row["probability"] = wanted.probability
            if wanted.kind != OPEN or not row["own_category"]:
                row["category"] = wanted.category
            await store.update_opportunity(tx.db, row)
            await store.enter_stage(tx.db, opportunity_id=opportunity_id, stage=wanted.id, at=now, moved_by=actor)
            _tell_move(tx, row, before)
        if wanted.kind == OPEN:
            await _plan_step(service, tx, row, next_step)
        else:
            await store.cancel_steps(tx.db, opportunity_id=opportunity_id, now=now)


async def send_quote(service: InteractionService, *, opportunity_id: UUID, given: Mapping[str, Any]) -> UUID:
    """Note an offer that was sent, and plan the call about it. Raises Unknown, Conflict, Invalid."""
    async with service.transaction() as tx:
        row = await _found(tx, opportunity_id)
        if row["state"] != OPEN:
            raise errors.closed_opportunity(row["state"])
        now, quote_id, follow_up = service.clock.now(), ids.new_id(), None
        if given["valid_until"] < now.date():
            raise errors.wrong("quote.past", "/valid_until", "A quote is valid until today or later.")
        if given["follow_up_at"] is not None:
            follow_up = await _plan_step(service, tx, row, {
                "kind": "call", "title": f"Follow up quote {given['number']}", "due_at": given["follow_up_at"], "reminders": [0],
            })
        products = given["products"]
        value = given["value_minor"]
        fresh = await store.insert_quote(tx.db, {
            **given, "id": quote_id, "opportunity_id": opportunity_id, "currency": row["currency"], "products": _encode(products).decode(),
            "value_minor": (sales.worth(products) if products else row["value_minor"]) if value is None else value, "state": "sent",
            "follow_up_id": follow_up, "sent_at": now,
        })
        if not fresh:
            raise errors.quote_twice()
    return quote_id


async def answer_quote(service: InteractionService, *, opportunity_id: UUID, quote_id: UUID, state: str) -> None:
    """Note the answer to a quote; its follow-up is cancelled. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        before = await store.answer_quote(tx.db, opportunity_id=opportunity_id, quote_id=quote_id, state=state, now=service.clock.now())
        if before is None:
            raise errors.unknown_quote()
        if before["state"] not in {"sent", state}:
            raise errors.answered_quote(before["state"])


async def tell_stalled(service: InteractionService) -> bool:
    """Tell deals that are too long in their stage, once for each stay, or have no next step, once until they get one."""
    async with service.transaction() as tx:
        rows = await store.take_stalled(tx.db, now=service.clock.now(), limit=_AT_ONCE)
        for row in rows:
            tx.tell(OpportunityStalled(
                opportunity_id=str(row["id"]), why=row["why"], pipeline=row["pipeline"], stage=row["stage"], stage_since=row["stage_since"],
                employee_id=_text(row["employee_id"]), team_id=_text(row["team_id"]),
            ))
    return len(rows) >= _AT_ONCE


async def _stage(tx: Transaction, pipeline: str, stage: str | None) -> tuple[Any, Stage]:
    row = await store.find_pipeline(tx.db, pipeline, share=True)
    if row is None:
        raise errors.wrong("pipeline.unknown", "/pipeline", "There is no such pipeline.")
    found = sales.stage_named(_stages(row["stages"]), stage)
    if found is None:
        raise errors.wrong("opportunity.unknown_stage", "/stage", "The pipeline has no such stage.")
    return row, found


async def _plan_step(service: InteractionService, tx: Transaction, row: Mapping[str, Any], step: Mapping[str, Any] | None) -> UUID | None:
    if not step:
        return None
    owner = {name: row.get(name) for name in ("customer_id", "employee_id", "team_id")}
    return await tasks.add_task(service, tx, given={**step, **owner, "opportunity_id": row["id"]})


async def _found(tx: Transaction, opportunity_id: UUID) -> dict[str, Any]:
    row = await store.find_opportunity(tx.db, opportunity_id, lock=True)
    if row is None:
        raise errors.unknown_opportunity()
    return dict(row)


def _tell_move(tx: Transaction, row: Mapping[str, Any], before: str | None) -> None:
    tx.tell(OpportunityMoved(
        opportunity_id=str(row["id"]), customer_id=str(row["customer_id"]), pipeline=row["pipeline"], stage=row["stage"], state=row["state"],
        previous_stage=before, value_minor=row["value_minor"], currency=row["currency"], probability=row["probability"],
        employee_id=_text(row.get("employee_id")), moved_at=row["stage_since"],
    ))


def _currency(code: str) -> None:
    if code not in money.CURRENCIES:
        raise errors.wrong("opportunity.unknown_currency", "/currency", "This is no currency of ISO 4217.")


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
