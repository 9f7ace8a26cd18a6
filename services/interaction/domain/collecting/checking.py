"""Checking all events of a request, each by itself."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from contracts.collected import Stamp
from services.interaction.domain.collecting import cloudevents, identities, messages, reserved, rules, shared, typical
from services.interaction.domain.collecting.bodies import MAX_EVENT_BYTES, Body
from services.interaction.domain.collecting.outcome import Accepted, EventRefused, Outcome, Receipt, Rejected

KEPT_BYTES: Final = 64 * 1024

_IDS: Final = ("userId", "user_id", "anonymousId", "anonymous_id")
#: These say by themselves that the item names nobody.
_NOBODY: Final = frozenset({"not_an_object", "missing_identity"})


def check_events(body: Body, receipt: Receipt, *, cloudevent: bool = False) -> Outcome:
    """Every event of a body, in order. Nothing is raised for a bad event: it is in `rejected` with its reason.

    What the source's rules keep out leaves nothing but its count, also where the event would have been refused: of what cannot be read,
    and so cannot be held against the rules, no payload is kept.
    """
    parts = shared.read_shared(body, ip_rule=receipt.source.ip)
    outcome = Outcome()
    never = rules.rules_of(receipt.source)
    if never is not None:
        parts = never.strip_shared(parts, outcome)
        receipt = never.told(receipt)
    accepted, rejected, kind, faults = outcome.accepted, outcome.rejected, body.kind, body.faults
    usual = None if cloudevent else typical.usual(body, receipt, parts)
    for index, slice_ in enumerate(body.items):
        if usual is not None and (stamped := usual.stamped(slice_)) is not None:
            accepted.append(stamped)
            continue
        event: dict[str, Any] | None = None
        try:
            if index in faults:
                raise EventRefused(faults[index], "the event cannot be read" if faults[index] == "invalid_cloudevent" else "")
            event = messages.decode_event(slice_, parts)
            if never is not None and (slice_ := never.strip(event, slice_, parts, receipt, outcome)) == b"":
                continue
            if cloudevent:
                accepted.append(cloudevents.check_event(slice_, event, parts, receipt))
            else:
                accepted.append(messages.check_message(slice_, event, kind, parts, receipt))
        except EventRefused as refusal:
            shown = slice_ if never is None or (event is not None and refusal.code != "too_deep") else b""
            rejected.append(_rejected(index, shown, event, refusal, cloudevent=cloudevent))
    return outcome


def check_touchpoint(raw: bytes, receipt: Receipt) -> Accepted:
    """A touch point posted by an employee or a system: `{"kind": …, "customer": "user:42", "initiator": …, …}`, an `id` if it has one.

    Raises EventRefused with the codes of collection (`invalid_data` with a JSON pointer).
    """
    event = messages.decode_event(raw, shared.Shared())
    never = rules.rules_of(receipt.source)
    if never is not None and (raw := never.strip(event, raw, shared.Shared(), receipt, Outcome(), touchpoint=True)) == b"":
        raise EventRefused("not_collected")
    if messages.check_limits(event, raw, shared.Shared()):
        raise EventRefused("card_number")
    kind = event.get("kind")
    if type(kind) is not str:
        raise EventRefused("invalid_data", "/kind")
    name = f"ecrm.touchpoint.{kind}.v1"
    reserved.check_reserved(name, event, customer=False)
    customer = identities.customer_key(event["customer"])
    if customer is None:
        raise EventRefused("invalid_data", "/customer")
    receipt_id, source = receipt.new_id(), receipt.source
    unique = identities.message_id(event.get("id")) or receipt_id
    stamp = Stamp(
        id=unique, form="touchpoint", type="touchpoint", event=name, source=source.source_id, authority=source.authority, receipt_id=receipt_id,
        received_at=receipt.received_at, timestamp=messages.received_moment(event.get("occurred_at"), receipt.received_at), keys=[customer],
    )
    return Accepted(customer.encode(), raw, msgspec.json.encode(stamp), unique.encode(), receipt_id)


def _rejected(
    index: int, slice_: bytes, event: dict[str, Any] | None, refusal: EventRefused, *, cloudevent: bool
) -> Rejected:
    payload = None if refusal.code == "card_number" else slice_[:KEPT_BYTES]
    return Rejected(
        index, _shown_id(event, refusal.code, cloudevent=cloudevent), refusal.code, refusal.detail, payload,
        hashlib.sha256(slice_).hexdigest(), len(slice_), _attributable(event, refusal.code, cloudevent=cloudevent),
    )


def _shown_id(event: dict[str, Any] | None, code: str, *, cloudevent: bool) -> str | None:
    """The event's id, so that the sender finds it; not when it may itself be the reason of refusal."""
    if event is None or code == "card_number":
        return None
    try:
        shown = identities.message_id(event.get("id" if cloudevent else "messageId"))
        shown.encode()
    except (EventRefused, ValueError):
        return None
    return shown or None


def _attributable(event: dict[str, Any] | None, code: str, *, cloudevent: bool) -> bool:
    """Whether the item may name somebody. What could not be read is given the benefit of the doubt."""
    if code in _NOBODY:
        return False
    if cloudevent or event is None:
        return True
    for name in _IDS:
        try:
            if identities.id_text(event.get(name)) is not None:
                return True
        except EventRefused:
            return True  # a faulty identity is one all the same
    return False


__all__ = ["MAX_EVENT_BYTES", "check_events", "check_touchpoint"]
