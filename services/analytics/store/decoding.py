"""Records of the log -> columns of the warehouse's tables. The hot path decodes only the fields it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis.eventlog import Stored
from contracts import analytics, campaign, consent, customer, decoding, interaction
from contracts.envelope import header
from services.analytics.store import service_decoding

EVENTS: Final = "ecrm.interaction"

#: Statuses under which an order is none (section "Terms" of the metric definitions: completed and not cancelled).
NOT_AN_ORDER: Final = frozenset({"cancelled", "canceled", "abandoned", "draft"})


#: Contact points stay with the customer service; here it is enough to know that there are some.
CONTACTS: Final = frozenset({"email", "phone"})


class _Personal(msgspec.Struct):
    properties: msgspec.Raw = msgspec.Raw(b"{}")
    context: msgspec.Raw = msgspec.Raw(b"{}")


class _Utm(msgspec.Struct):
    """Where a visit came from, as collectors write it in `context.campaign`."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None


class _Context(msgspec.Struct):
    campaign: _Utm | None = None


_decode_context: Final = msgspec.json.Decoder(_Context).decode


class _Event(msgspec.Struct):
    """The fields of InteractionRecorded that are kept; times stay text, the warehouse reads them."""

    id: str
    source: str
    authority: str
    kind: str
    name: str
    channel: str
    initiator: str
    identity: str
    occurred_at: str
    received_at: str
    personal: _Personal
    gpc: bool = False


class Reject(NamedTuple):
    """A record that could not be read, with its cause; kept in the warehouse, never dropped silently."""

    topic: str
    partition: int
    offset: int
    cause: str
    value: bytes | None


@dataclass
class Loaded:
    """What one micro-batch brings, by table; rows of one key keep their order."""

    events: list[_Event] = field(default_factory=list)
    identities: dict[str, tuple[str, str]] = field(default_factory=dict)
    identities_gone: list[str] = field(default_factory=list)
    profiles: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    consents: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)
    orders: dict[str, interaction.OrderFields] = field(default_factory=dict)
    refunds: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    messages: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    campaigns: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    costs: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    erasures: dict[str, customer.ErasureState] = field(default_factory=dict)
    service: service_decoding.Rows = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows change, without rejects."""
        return sum(
            len(part) for part in (
                self.events, self.identities, self.identities_gone, self.profiles, self.consents, self.orders, self.refunds, self.messages,
                self.campaigns, self.costs, self.erasures, *self.service.values(),
            )
        )


_decode_event: Final = msgspec.json.Decoder(_Event).decode


def read_records(records: Iterable[Stored], *, checked: bool = False) -> Loaded:
    """Decode a micro-batch. `checked` also proves every value that the warehouse will convert; slower, used after a failure."""
    loaded = Loaded()
    keep = loaded.events.append
    for record in records:
        value = record.value
        try:
            if record.topic == EVENTS:
                if value is None:
                    continue
                event = _decode_event(value)
                if checked:
                    _prove(event)
                if event.occurred_at[-1] != "Z" or event.received_at[-1] != "Z":
                    event.occurred_at, event.received_at = _utc(event.occurred_at), _utc(event.received_at)
                keep(event)
            else:
                _read_fact(loaded, record)
        except (msgspec.MsgspecError, ValueError, KeyError, IndexError, OverflowError, UnicodeError) as error:
            loaded.rejects.append(Reject(record.topic, record.partition, record.offset, type(error).__name__, value))
    return loaded


def _prove(event: _Event) -> None:
    hash_of(event.identity)
    datetime.fromisoformat(event.occurred_at)
    datetime.fromisoformat(event.received_at)
    bytes(event.personal.properties).decode()


def utm(event: _Event) -> tuple[str | None, str | None, str | None]:
    """(source, medium, campaign) of the visit that an event belongs to, as far as it says so."""
    context = bytes(event.personal.context)
    if b'"campaign"' not in context:
        return None, None, None
    try:
        found = _decode_context(context).campaign
    except msgspec.MsgspecError:
        return None, None, None
    return (None, None, None) if found is None else (found.source, found.medium, found.name)


def _utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a time without zone")
    return (moment - offset).replace(tzinfo=None).isoformat() + "Z"


def hash_of(text: str) -> str:
    """An identity hash in the form the warehouse reads. Raises ValueError when it is not 16 bytes in hex."""
    if len(text) != 32:
        raise ValueError("an identity hash has 32 hexadecimal digits")
    return f"0x{int(text, 16):032x}"


def _read_fact(loaded: Loaded, record: Stored) -> None:
    wire = (header(record.headers, "ce_type") or b"").decode()
    if record.value is None:
        _read_tombstone(loaded, record)
        return
    read = _READERS.get(wire)
    if read is not None:
        read(loaded, record, record.value)
    elif wire in service_decoding.READERS:
        service_decoding.READERS[wire](loaded.service, record, record.value)


def _read_tombstone(loaded: Loaded, record: Stored) -> None:
    key = record.key.decode()
    if record.topic == "ecrm.state.profile":
        loaded.profiles[str(UUID(key))] = (str(UUID(key)), 0, None, None, False, False, False, False, None, "{}", "person")
    elif record.topic == "ecrm.state.identity":
        loaded.identities.pop(hash_of(key), None)
        loaded.identities_gone.append(hash_of(key))
    elif record.topic == "ecrm.state.consent":
        loaded.consents[str(UUID(key))] = []


def _identity(loaded: Loaded, _record: Stored, value: bytes) -> None:
    state = decoding.decode(customer.IdentityState, value)
    loaded.identities[hash_of(state.identity)] = (state.kind, str(UUID(state.customer_id)))


def _profile(loaded: Loaded, _record: Stored, value: bytes) -> None:
    state = decoding.decode(customer.ProfileState, value)
    personal = state.personal
    customer_id = str(UUID(state.customer_id))
    merged_into = str(UUID(state.merged_into)) if state.merged_into else None
    traits = {name: value for name, value in personal.traits.items() if name not in CONTACTS}
    loaded.profiles[customer_id] = (
        customer_id, state.version, state.registered_at, merged_into, merged_into is None, state.known, bool(personal.email),
        bool(personal.phone), personal.language, msgspec.json.encode(traits).decode(), state.type,
    )


def _erasure(loaded: Loaded, _record: Stored, value: bytes) -> None:
    state = decoding.decode(customer.ErasureState, value)
    loaded.erasures[state.request_id] = state


def _consent(loaded: Loaded, _record: Stored, value: bytes) -> None:
    state = decoding.decode(consent.ConsentState, value)
    customer_id = str(UUID(state.customer_id))
    loaded.consents[customer_id] = [
        (customer_id, purpose, channel, said) for purpose, channels in state.purposes.items() for channel, said in channels.items()
    ]


def _order(fact: type[interaction.OrderFields]) -> Callable[[Loaded, Stored, bytes], None]:
    def read(loaded: Loaded, _record: Stored, value: bytes) -> None:
        order = decoding.decode(fact, value)
        hash_of(order.identity)
        known = loaded.orders.get(order.order_id)
        if known is None or known.version <= order.version:
            loaded.orders[order.order_id] = order
        if isinstance(order, interaction.OrderRefunded):
            loaded.refunds[order.refund_id] = (
                order.refund_id, order.order_id, hash_of(order.identity), order.source, order.currency, order.refund_minor, order.refunded_at,
            )

    return read


def _credit(loaded: Loaded, _record: Stored, value: bytes) -> None:
    note = decoding.decode(interaction.CreditNoted, value)
    loaded.refunds[note.credit_id] = (
        note.credit_id, None, hash_of(note.identity), note.source, note.currency, note.amount_minor, note.noted_at,
    )


def _message(outcome: str, fact: type[campaign.MessageFact]) -> Callable[[Loaded, Stored, bytes], None]:
    def read(loaded: Loaded, record: Stored, value: bytes) -> None:
        message = decoding.decode(fact, value)
        fact_id = (header(record.headers, "ce_id") or b"").decode() or f"{message.message_id}:{outcome}"
        loaded.messages[fact_id] = (
            fact_id, message.message_id, message.campaign_id, str(UUID(message.customer_id)), message.channel, outcome,
            getattr(message, "reason", None), getattr(message, "stage", None), getattr(message, "automated", False), message.at,
        )

    return read


def _launch(loaded: Loaded, _record: Stored, value: bytes) -> None:
    launch = decoding.decode(campaign.CampaignLaunched, value)
    loaded.campaigns[launch.campaign_id] = (
        launch.campaign_id, launch.name, launch.channel, launch.purpose, launch.segment_id, launch.planned, launch.launched_at,
    )


def _cost(loaded: Loaded, _record: Stored, value: bytes) -> None:
    cost = decoding.decode(analytics.CostBooked, value)
    loaded.costs[cost.cost_id] = (
        cost.cost_id, cost.kind, cost.channel, cost.campaign_id, cost.amount_minor, cost.currency, date.fromisoformat(cost.booked_on),
        str(UUID(cost.customer_id)) if cost.customer_id else None,
    )


_READERS: Final[Mapping[str, Callable[[Loaded, Stored, bytes], None]]] = {
    "ecrm.state.identity.v1": _identity,
    "ecrm.state.profile.v1": _profile,
    "ecrm.state.consent.v1": _consent,
    "ecrm.state.erasure.v1": _erasure,
    "ecrm.interaction.order_placed.v1": _order(interaction.OrderPlaced),
    "ecrm.interaction.order_updated.v1": _order(interaction.OrderUpdated),
    "ecrm.interaction.order_refunded.v1": _order(interaction.OrderRefunded),
    "ecrm.interaction.credit_noted.v1": _credit,
    "ecrm.campaign.launched.v1": _launch,
    "ecrm.campaign.message_planned.v1": _message("planned", campaign.MessagePlanned),
    "ecrm.campaign.message_accepted.v1": _message("accepted", campaign.MessageAccepted),
    "ecrm.campaign.message_failed.v1": _message("failed", campaign.MessageFailed),
    "ecrm.campaign.message_suppressed.v1": _message("suppressed", campaign.MessageSuppressed),
    "ecrm.campaign.message_unknown.v1": _message("unknown", campaign.MessageUnknown),
    "ecrm.campaign.message_opened.v1": _message("opened", campaign.MessageOpened),
    "ecrm.campaign.message_clicked.v1": _message("clicked", campaign.MessageClicked),
    "ecrm.analytics.cost_booked.v1": _cost,
}


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows turned on their side; `width` empty columns when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
