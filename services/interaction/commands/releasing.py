"""Quarantine: correct and release, or discard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from chassis import ids
from contracts import collected
from contracts.collected import Stamp
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import collecting, plans
from services.interaction.settings import InteractionService
from services.interaction.store import quarantine

_encode = msgspec.json.Encoder().encode


async def release(service: InteractionService, *, entry_id: UUID, payload: dict[str, Any] | None = None) -> None:
    """Send a payload, corrected if `payload` is given, through the same checks and into the collected log.

    An event whose id was taken is released under an id of its own. Raises Unknown, Conflict when it is closed or was kept only
    in part, Invalid when it is refused again (then it stays open; not as planned: `errors` names the places), Unavailable.
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
        receipt = collecting.Receipt(
            source=posting.source_settings(service, row["source"]), received_at=row["received_at"], new_id=ids.new_text_id
        )
        if row["stamp"] is not None:
            stamp = collected.read_stamp(bytes(row["stamp"]))
            accepted = _under_another_id(raw if payload is None else _checked(raw, stamp, receipt), stamp, entry_id)
            _hold_against_plan(service, accepted)
        else:
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


def _checked(raw: bytes, stamp: Stamp, receipt: collecting.Receipt) -> collecting.Accepted:
    """What was accepted once and corrected by hand, through the checks again. Raises Invalid."""
    if stamp.form == "touchpoint":
        try:
            return collecting.check_touchpoint(raw, receipt)
        except collecting.EventRefused as refusal:
            raise errors.refused(refusal.code, refusal.detail) from None
    if stamp.form == "cloudevent":
        return posting.check_one(raw, receipt, cloudevent=True)
    body = collecting.read_single(raw, stamp.type)  # the path may have told the type
    outcome = collecting.check_events(body, receipt)
    if outcome.rejected:
        raise errors.refused(outcome.rejected[0].code, outcome.rejected[0].detail)
    if not outcome.accepted:
        raise errors.refused("not_collected", "The rules of this source keep this from being collected.")
    return outcome.accepted[0]


def _under_another_id(given: bytes | collecting.Accepted, stamp: Stamp, entry_id: UUID) -> collecting.Accepted:
    """The id is made of the entry's, so a release that is repeated after a crash is a duplicate. Times and what the batch shared stay."""
    raw = given.value if isinstance(given, collecting.Accepted) else given
    told = collected.read_stamp(given.stamp) if isinstance(given, collecting.Accepted) else stamp
    released = msgspec.structs.replace(
        stamp, id=f"{stamp.id[:80]}~{entry_id}", receipt_id=ids.new_text_id(), notes=[*stamp.notes, "released"], event=told.event, type=told.type,
        keys=told.keys,
    )
    key = (released.keys[0] if released.keys else stamp.source).encode()
    return collecting.Accepted(key, raw, _encode(released), released.id.encode(), released.receipt_id)


def _hold_against_plan(service: InteractionService, accepted: collecting.Accepted) -> None:
    """Raises Invalid when a strict plan would set the event aside once more."""
    stamp = collected.read_stamp(accepted.stamp)
    plan: plans.Plan | None = service.resources.plans.get(stamp.source)
    if plan is None or plan.mode != plans.STRICT:
        return
    verdict = plan.check(collected.clean_event(accepted.value, stamp))
    if verdict is not None:
        raise errors.not_as_planned(
            [{"pointer": fault.pointer, "detail": fault.keyword} for fault in verdict.faults] or [{"pointer": "/event", "detail": verdict.detail}]
        )


def _is_cloudevent(raw: bytes) -> bool:
    try:
        return "specversion" in msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
