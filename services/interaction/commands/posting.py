"""Touch points and orders that employees and systems post: checked like everything else, then appended to the collected log."""

from __future__ import annotations

import uuid
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import ids
from chassis.database import Connection
from chassis.eventlog import NotConfirmed, Record
from contracts import collected, interaction
from contracts.gateway import SourceSettings
from contracts.identity import KINDS
from services.interaction import errors
from services.interaction.domain import collecting, order_events
from services.interaction.settings import InteractionService
from services.interaction.store import interactions, replicas

#: The source of what is posted with a key that is bound to none.
API_SOURCE: Final = "api"
#: Repeating a post with the same id answers with the same interaction.
_NAMESPACE: Final = UUID("5f0d2a4e-3c1b-5e6f-9a87-6c5d4e3f2b1a")

_encode = msgspec.json.Encoder().encode
_record = msgspec.json.Decoder(interaction.InteractionRecorded).decode


async def record_touchpoint(service: InteractionService, *, body: dict[str, Any], source_id: str | None) -> str:
    """Take a touch point over; returns the id it will have. It can be seen as soon as the log was read.

    Raises Invalid (with a JSON pointer where a schema is broken), Unknown for a customer nobody knows, Unavailable.
    """
    new_id, record = await touchpoint_record(service, body=body, source_id=source_id)
    await _append(service, record)
    return new_id


async def touchpoint_record(
    service: InteractionService, *, body: dict[str, Any], source_id: str | None, source: SourceSettings | None = None
) -> tuple[str, Record]:
    """A checked touch point as a record of the collected log, and the id it will have; for what is told together with rows (`tx.append`).

    A body with an `id` of its own gives the same id each time. Raises as `record_touchpoint` does.
    """
    body = await _with_customer(service, body)
    source = source or source_settings(service, source_id or API_SOURCE)
    given = body.get("id")
    new_id = _id_for(source.source_id, given) if isinstance(given, str) and given.strip() else ids.new_text_id()
    receipt = collecting.Receipt(source=source, received_at=service.clock.now(), new_id=lambda: new_id)
    try:
        accepted = collecting.check_touchpoint(_encode(body), receipt)
    except collecting.EventRefused as refusal:
        raise errors.refused(refusal.code, refusal.detail) from None
    return new_id, accepted_record(accepted, source.source_id)


async def record_order(service: InteractionService, *, body: dict[str, Any], source_id: str | None) -> str:
    """Take a completed order over; returns the id of the event. Raises as `record_touchpoint` does."""
    new_id, record = await order_event(service, body=body, source_id=source_id)
    await _append(service, record)
    return new_id


async def order_event(service: InteractionService, *, body: dict[str, Any], source_id: str | None) -> tuple[str, Record]:
    """A checked order as a record of the collected log, and the id of its event. Raises as `record_touchpoint` does."""
    body = await _with_customer(service, body)
    source = source_settings(service, source_id or API_SOURCE)
    new_id = ids.new_text_id()
    event = {
        "specversion": "1.0", "id": str(body.pop("id", "") or new_id), "source": "/api/v1/orders", "type": "ecrm.order.completed.v1",
        "data": body,
    }
    if isinstance(body.get("customer"), str):
        event["subject"] = body.pop("customer")
    else:
        raise errors.refused("invalid_data", "/customer")
    if "ordered_at" in body:
        moment = order_events.read_moment(body.pop("ordered_at"))
        if moment is None:
            raise errors.refused("invalid_data", "/ordered_at")
        event["time"] = moment.isoformat()
    receipt = collecting.Receipt(source=source, received_at=service.clock.now(), new_id=lambda: new_id)
    accepted = check_one(_encode(event), receipt, cloudevent=True)
    return new_id, accepted_record(accepted, source.source_id)


def check_one(payload: bytes, receipt: collecting.Receipt, *, cloudevent: bool) -> collecting.Accepted:
    """One event through the checks of collection. Raises Invalid."""
    try:
        body = collecting.read_batch(b'{"batch":[' + payload + b"]}")
    except collecting.RequestRefused as refusal:
        raise errors.refused(refusal.code, collecting.MESSAGES[refusal.code]) from None
    if len(body.items) != 1:
        raise errors.not_an_object()
    outcome = collecting.check_events(body, receipt, cloudevent=cloudevent)
    if outcome.rejected:
        raise errors.refused(outcome.rejected[0].code, outcome.rejected[0].detail)
    if not outcome.accepted:
        raise errors.refused("not_collected", "The rules of this source keep this from being collected.")
    return outcome.accepted[0]


async def append_accepted(service: InteractionService, accepted: collecting.Accepted, source_id: str) -> None:
    """Return when the log has confirmed. Raises Unavailable."""
    await _append(service, accepted_record(accepted, source_id))


def accepted_record(accepted: collecting.Accepted, source_id: str) -> Record:
    """What the collected log holds of an accepted event."""
    headers = (
        ("ce_specversion", b"1.0"), ("ce_id", accepted.id), ("ce_source", source_id.encode()),
        ("ce_type", collected.ACCEPTED_TYPE.encode()), (collected.STAMP, accepted.stamp),
    )
    return Record(collected.TOPIC, accepted.key, accepted.value, headers)


async def _append(service: InteractionService, record: Record) -> None:
    await append_records(service, [record])


async def append_records(service: InteractionService, records: list[Record]) -> None:
    """Return when the log has confirmed all of them. Raises Unavailable."""
    try:
        await service.log.append(records)
    except NotConfirmed:
        raise errors.not_confirmed() from None


def source_settings(service: InteractionService, source_id: str) -> SourceSettings:
    """The source's settings; a source without keys is a server with none set."""
    return service.resources.keys.source(source_id) or SourceSettings(source_id=source_id, name=source_id, kind="server")


def _id_for(source_id: str, given: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{source_id}\x00{given.strip()}"))


async def _with_customer(service: InteractionService, body: dict[str, Any]) -> dict[str, Any]:
    """A copy of the body in which the customer is named by an identity key, `identity` and `customer_id` having become `customer`."""
    body = dict(body)
    customer_id, identity = body.pop("customer_id", None), body.pop("identity", None)
    if "customer" in body:
        return body
    if identity is not None:
        body["customer"] = identity
    elif customer_id is not None:
        try:
            body["customer"] = await key_of(service, UUID(str(customer_id)))
        except ValueError:
            raise errors.unknown_customer() from None
    return body


async def key_of(service: InteractionService, customer_id: UUID) -> str:
    """An identity key of a customer, the strongest that an event ever showed; else the customer service is asked. Raises Unknown."""
    async with service.read() as db:
        survivor = await replicas.find_survivor(db, customer_id)
        listed = await replicas.list_identities(db, [survivor])
        listed.sort(key=lambda row: KINDS.index(row["kind"]) if row["kind"] in KINDS else len(KINDS))
        for row in listed:
            key = await _shown_key(service, db, row["identity"])
            if key is not None:
                return key
    return await _asked_key(service, survivor)


async def _shown_key(service: InteractionService, db: Connection, identity: bytes) -> str | None:
    rows = await interactions.list_latest(db, identity)
    for row in rows:
        for key in _record(row["record"]).personal.keys:
            if service.hash_identity(key) == identity:
                return key
    return None


async def _asked_key(service: InteractionService, customer_id: UUID) -> str:
    answer = await service.peers["customer"].call("GET", f"/api/v1/customers/{customer_id}/identities", scopes=["customers:read"])
    if answer.status == 404:
        raise errors.unknown_customer()
    found = [str(each.get("key") or "") for each in answer.json().get("data", [])] if answer.status == 200 else []
    known = [key for key in found if key.partition(":")[0] in KINDS]
    if not known:
        raise errors.unknown_customer()
    return min(known, key=lambda key: KINDS.index(key.partition(":")[0]))
