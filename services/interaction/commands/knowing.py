"""What people know about customers: notes that outlast their authors; and what routing needs of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis import ids
from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from contracts import decoding
from contracts.customer import ProfileState
from services.interaction import errors
from services.interaction.commands.cases.working import author_of
from services.interaction.settings import InteractionService
from services.interaction.store import knowing, replicas


async def add_customer_note(
    service: InteractionService, *, customer_id: UUID, kind: str, content: str, employee_id: UUID | None, actor: str
) -> UUID:
    """Something somebody knows about a customer. Raises Invalid."""
    note_id = ids.new_id()
    async with service.transaction() as tx:
        author = await author_of(tx.db, employee_id, actor)
        await knowing.insert_note(
            tx.db, note_id=note_id, customer_id=await replicas.find_survivor(tx.db, customer_id), kind=kind, content=content, author=author,
            employee_id=employee_id, at=service.clock.now(),
        )
    return note_id


async def change_customer_note(service: InteractionService, *, customer_id: UUID, note_id: UUID, given: Mapping[str, Any]) -> None:
    """Correct a note, or retire it: it is kept, but no longer offered. Raises Unknown."""
    now = service.clock.now()
    async with service.transaction() as tx:
        family = await replicas.list_family(tx.db, await replicas.find_survivor(tx.db, customer_id))
        note = await knowing.find_note(tx.db, note_id)
        if note is None or note["customer_id"] not in family:
            raise errors.unknown_note()
        retired_at = note["retired_at"]
        if "retired" in given:
            retired_at = (retired_at or now) if given["retired"] else None
        await knowing.change_note(
            tx.db, note_id=note_id, content=given.get("content") or note["content"], kind=given.get("kind") or note["kind"],
            retired_at=retired_at, at=now,
        )


async def replicate_profiles(tx: Transaction, *, records: list[Stored]) -> None:
    """Take over language, tier and owner of customers; of several records of one customer the last counts."""
    last = {record.key: record.value for record in records}
    rows, gone = [], []
    for key, value in sorted(last.items()):
        if value is None:
            gone.append(UUID(key.decode()))
            continue
        state = decoding.decode(ProfileState, value)
        traits = state.personal.traits
        account = traits.get("account")
        owner = _text(traits.get("owner")) or (_text(account.get("owner")) if isinstance(account, dict) else None)
        language = _text(state.personal.language or traits.get("language"))
        rows.append((UUID(state.customer_id), language.partition("-")[0].lower() if language else None, _text(traits.get("tier")), owner))
    await knowing.put_seen(tx.db, rows, gone=gone)


def _text(value: Any) -> str | None:
    return value.strip()[:200] or None if isinstance(value, str) else None
