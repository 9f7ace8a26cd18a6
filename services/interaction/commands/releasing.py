"""Quarantine: correct and release, or discard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from chassis import ids
from contracts import collected
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import collecting
from services.interaction.settings import InteractionService
from services.interaction.store import quarantine

_encode = msgspec.json.Encoder().encode


async def release(service: InteractionService, *, entry_id: UUID, payload: dict[str, Any] | None = None) -> None:
    """Send a payload, corrected if `payload` is given, through the same checks and into the collected log.

    An event whose id was taken is released under an id of its own. Raises Unknown, Conflict when it is closed or was kept only
    in part, Invalid when it is refused again (then it stays open), Unavailable.
    """
    async with service.transaction() as tx:
        row = await quarantine.find_for_update(tx.db, entry_id)
        if row is None:
            raise errors.unknown_quarantine()
        if row["state"] != "open":
            raise errors.closed_quarantine(row["state"])
        if (payload is None and len(row["payload"]) < row["size"]) or (payload is None and not row["payload"]):
            raise errors.incomplete_payload()
        raw = bytes(row["payload"]) if payload is None else _encode(payload)
        if row["stamp"] is not None:
            accepted = _under_another_id(raw, bytes(row["stamp"]), entry_id)
        else:
            receipt = collecting.Receipt(
                source=posting.source_settings(service, row["source"]), received_at=row["received_at"], new_id=ids.new_text_id
            )
            accepted = posting.check_one(raw, receipt, cloudevent=_is_cloudevent(raw))
        await posting.append_accepted(service, accepted, row["source"])
        await quarantine.close(tx.db, entry_id, state="released", at=service.clock.now())


async def discard(service: InteractionService, *, entry_id: UUID) -> None:
    """Give a payload up; its content is deleted. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        row = await quarantine.find_for_update(tx.db, entry_id)
        if row is None:
            raise errors.unknown_quarantine()
        if row["state"] != "open":
            raise errors.closed_quarantine(row["state"])
        await quarantine.close(tx.db, entry_id, state="discarded", at=service.clock.now())


def _under_another_id(raw: bytes, stamp_bytes: bytes, entry_id: UUID) -> collecting.Accepted:
    """The id is made of the entry's, so a release that is repeated after a crash is a duplicate."""
    stamp = collected.read_stamp(stamp_bytes)
    released = msgspec.structs.replace(
        stamp, id=f"{stamp.id[:80]}~{entry_id}", receipt_id=ids.new_text_id(), notes=[*stamp.notes, "released"]
    )
    key = (stamp.keys[0] if stamp.keys else stamp.source).encode()
    return collecting.Accepted(key, raw, _encode(released), released.id.encode(), released.receipt_id)


def _is_cloudevent(raw: bytes) -> bool:
    try:
        return "specversion" in msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
