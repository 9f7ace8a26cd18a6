"""Working on cases: open by hand, change, note, relate, merge, answer, close."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from chassis import ids
from chassis.database import Connection
from contracts.identity import BadIdentity, parse_identity
from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.commands import mailing, notices, posting
from services.interaction.commands.cases import assigning, living
from services.interaction.domain.cases import model, moving
from services.interaction.domain.cases.model import Case
from services.interaction.domain.cases.replying import reply_body
from services.interaction.settings import InteractionService
from services.interaction.store import case_parts, knowing, people, replicas
from services.interaction.store import cases as store

SETTLED: Final = 100

_record = msgspec.json.Decoder(InteractionRecorded).decode
_decode = msgspec.json.Decoder().decode


async def open_case(
    service: InteractionService, *, given: Mapping[str, Any], customer_id: UUID | None, identity: str | None, employee_id: UUID | None, actor: str
) -> UUID:
    """A case by hand; somebody has it, or a queue, when this returns. `given`: fields of a case. Raises Invalid, Conflict."""
    now = service.clock.now()
    async with service.transaction() as tx:
        rules = await living.rules(tx.db)
        hashed, customer, tier, language = await _whose(service, tx.db, customer_id, identity)
        ours = rules.tiers.get(tier) if tier else None
        team_id = given.get("team_id") or (ours and ours.team_id) or model.FRONT_DESK
        if await people.find_team(tx.db, team_id) is None:
            raise errors.not_there("/team_id")
        case = Case(
            id=ids.new_id(), kind=given.get("kind") or "service", subject=given["subject"], channel=given.get("channel") or "by_hand",
            priority=given.get("priority") or (ours and ours.priority) or "normal", language=given.get("language") or language,
            skills=given.get("skills") or [], tags=given.get("tags") or [], tier=tier, identity=hashed, customer_id=customer, team_id=team_id,
            opened_at=now, opened_by=actor, changed_at=now, route_at=now,
        )
        case = (await living.clocks(tx.db)).start(case, now)
        case = replace(case, number=(await store.insert_cases(tx.db, [case]))[case.id])
        await case_parts.insert_changes(tx.db, [living.change(case.id, now, actor, "opened", {"by": actor})])
        living.tell_opened(tx, case, customer)
    if employee_id is not None:
        await assigning.assign_case(service, case_id=case.id, employee_id=employee_id, team_id=None, actor=actor)
    else:
        await assigning.assign_waiting(service, only=case.id)
    return case.id


async def _whose(
    service: InteractionService, db: Connection, customer_id: UUID | None, identity: str | None
) -> tuple[bytes | None, UUID | None, str | None, str | None]:
    """(identity hash, customer, tier, language). Raises Invalid."""
    hashed = None
    if identity is not None:
        try:
            hashed = service.hash_identity(str(parse_identity(identity)))
        except BadIdentity:
            raise errors.refused("invalid_data", "/customer") from None
    if customer_id is not None:
        customer: UUID | None = await replicas.find_survivor(db, customer_id)
    else:
        customer = (await knowing.list_customers_of(db, [hashed])).get(hashed) if hashed else None
    seen = await knowing.find_seen(db, customer) if customer else None
    return hashed, customer, seen["tier"] if seen else None, seen["language"] if seen else None


async def change_case(
    service: InteractionService, *, case_id: UUID, given: Mapping[str, Any], actor: str, versions: Collection[int] | None = None
) -> None:
    """Set fields of a case, among them `status` with `outcome`. Raises Unknown, Outdated, Conflict."""
    now = service.clock.now()
    async with service.transaction() as tx:
        before = await living.locked(tx.db, case_id, versions)
        fields = {name: value for name, value in given.items() if name not in {"status", "outcome"}}
        case = replace(before, **fields)
        clocks = await living.clocks(tx.db)
        if case.status == "open" and any(getattr(case, name) != getattr(before, name) for name in ("priority", "kind")):
            case = clocks.start(case, now)
        status = given.get("status") or case.status
        if not model.may_move(case, status):
            raise errors.bad_move(case.status, status)
        policy, calendar = clocks.of(case)
        case = moving.move(case, status, policy=policy, calendar=calendar, now=now, outcome=given.get("outcome"))
        await living.put(service, tx, before, case, actor=actor, action=status if status != before.status else "changed")
    if case.status == "open" and case.employee_id is None:
        await assigning.assign_waiting(service, only=case_id)


async def add_note(service: InteractionService, *, case_id: UUID, content: str, employee_id: UUID | None, actor: str) -> UUID:
    """An internal note; it stays whoever goes. Raises Unknown, Invalid, Conflict."""
    note_id = ids.new_id()
    async with service.transaction() as tx:
        case = await living.locked(tx.db, case_id)
        author = await author_of(tx.db, employee_id, actor)
        now = service.clock.now()
        await case_parts.insert_note(
            tx.db, note_id=note_id, case_id=case_id, author=author, employee_id=employee_id, content=content, at=now
        )
        await living.put(service, tx, case, case, actor=actor, action="noted", about={"note_id": str(note_id)})
    return note_id


async def author_of(db: Connection, employee_id: UUID | None, actor: str) -> str:
    """The name under which somebody wrote. Raises Invalid."""
    if employee_id is None:
        return actor
    found = await people.find_employee(db, employee_id)
    if found is None:
        raise errors.not_there("/employee_id")
    return str(found["name"])


async def relate_cases(service: InteractionService, *, case_id: UUID, other_id: UUID, kind: str, actor: str) -> None:
    """Raises Unknown, Invalid."""
    if case_id == other_id:
        raise errors.not_there("/case_id")
    async with service.transaction() as tx:
        if await store.find_case(tx.db, case_id) is None:
            raise errors.unknown_case()
        if await store.find_case(tx.db, other_id) is None:
            raise errors.not_there("/case_id")
        now = service.clock.now()
        await case_parts.put_relation(tx.db, case_id=case_id, other_id=other_id, kind=kind, at=now)
        about = {"case_id": str(other_id), "kind": kind}
        await case_parts.insert_changes(tx.db, [living.change(case_id, now, actor, "related", about)])


async def merge_case(
    service: InteractionService, *, case_id: UUID, into: UUID, actor: str, versions: Collection[int] | None = None
) -> UUID:
    """The case is part of another one: contacts, threads and notes go over, what comes later goes there. Returns the one that stays.

    Raises Unknown, Invalid, Conflict, Outdated.
    """
    now = service.clock.now()
    async with service.transaction() as tx:
        survivors = await store.list_survivors(tx.db, [into])
        if into not in survivors:
            raise errors.not_there("/into")
        target_id = survivors[into]
        if target_id == case_id:
            raise errors.bad_merge()
        found = {case.id: case for case in await store.find_cases(tx.db, [case_id, target_id], lock=True)}
        before = await living.locked(tx.db, case_id, versions)
        target = found[target_id]
        await case_parts.move_parts(tx.db, source=case_id, target=target_id)
        after = replace(before, status="merged", merged_into=target_id, employee_id=None, route_at=None, alarm_at=None, paused_at=None)
        await living.put(service, tx, before, after, actor=actor, action="merged", about={"into": str(target_id)})
        kept = replace(
            target, tags=sorted({*target.tags, *before.tags}), answered_at=min(filter(None, (target.answered_at, before.answered_at)), default=None),
            identity=target.identity or before.identity, customer_id=target.customer_id or before.customer_id,
        )
        await living.put(service, tx, target, kept, actor=actor, action="took_in", about={"case_id": str(case_id), "number": before.number})
        await case_parts.put_relation(tx.db, case_id=case_id, other_id=target_id, kind="merged", at=now)
    return target_id


async def reply(
    service: InteractionService, *, case_id: UUID, text: str, kind: str | None, fields: Mapping[str, Any], employee_id: UUID | None, status: str,
    actor: str, source_id: str | None,
) -> str:
    """Answer the customer from the case, on the channel they used or another one; returns the id of the touch point that records it.

    What is recorded is that it was said; an e-mail is also sent, if a rule of notices says with which template, and its delivery is noted.
    Raises Unknown, Invalid with a pointer, Conflict, Unavailable.
    """
    async with service.read() as db:
        case = await store.find_case(db, case_id)
        if case is None:
            raise errors.unknown_case()
        if case.status == "merged":
            raise errors.merged_case(str(case.merged_into))
        last = await case_parts.find_last_inbound(db, case_id)
    record = _record(last["record"]) if last is not None else None
    kind = kind or (last["kind"] if last is not None else None)
    if kind is None:
        raise errors.no_reply_to()
    same = record is not None and last is not None and last["kind"] == kind
    now = service.clock.now()
    body = reply_body(
        kind, text, answered=_decode(record.personal.properties) if same and record else {}, reply_id=str(fields.get("id") or ids.new_id()),
        today=now.date(), fields=fields, number=case.number, subject=case.subject,
    )
    body["case_id"] = str(case_id)
    if employee_id or case.employee_id:
        body.setdefault("employee_id", str(employee_id or case.employee_id))
    if "customer" not in body:
        if record is not None and record.personal.keys:
            body["customer"] = record.personal.keys[0]
        elif case.customer_id is not None:
            body["customer_id"] = str(case.customer_id)
    interaction_id = await posting.record_touchpoint(service, body=body, source_id=source_id)
    async with service.transaction() as tx:
        before = await living.locked(tx.db, case_id)
        policy, calendar = (await living.clocks(tx.db)).of(before)
        after = replace(before, answered_at=before.answered_at or now)
        if model.may_move(after, status):
            after = moving.move(after, status, policy=policy, calendar=calendar, now=now)
        await living.put(service, tx, before, after, actor=actor, action="replied", about={"interaction_id": interaction_id, "kind": kind})
        if kind == "email":
            await notices.plan_reply(
                service, tx, interaction_id=UUID(interaction_id), case_id=case_id, identity=_hash(service, body.get("customer")) or case.identity,
                customer_id=case.customer_id, reply_to=_ours(service, body.get("from")),
                data={"text": text, "subject": body.get("subject") or case.subject, "case_number": case.number, "kind": case.kind},
            )
    return interaction_id


def _hash(service: InteractionService, key: Any) -> bytes | None:
    try:
        return service.hash_identity(str(parse_identity(str(key)))) if key else None
    except BadIdentity:
        return None


def _ours(service: InteractionService, address: Any) -> str:
    """Where the customer wrote to, if that is a door of ours: the next answer comes there, too."""
    return address if isinstance(address, str) and mailing.takes(service, address) else ""


async def close_settled(service: InteractionService) -> bool:
    """Close cases that were resolved long enough ago; returns whether there may be more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        days = (await living.rules(tx.db)).close_days
        settled = await store.list_settled(tx.db, before=now - timedelta(days=days), limit=SETTLED)
        for case in settled:
            await living.put(service, tx, case, replace(case, status="closed", closed_at=now), actor="time", action="closed")
    return len(settled) == SETTLED
