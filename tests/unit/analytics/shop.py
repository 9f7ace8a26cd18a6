"""A small shop written straight into a warehouse, through its own loading function."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.eventlog import Stored
from contracts import catalogue
from contracts.consent import ConsentState
from contracts.customer import IdentityState, ProfilePersonal, ProfileState
from contracts.fact import Fact
from contracts.interaction import InteractionPersonal, InteractionRecorded, OrderLine, OrderPlaced

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def customer_id(number: int) -> str:
    return str(UUID(int=number + (7 << 76) + (1 << 63)))


def identity(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def stored(fact: Fact, *, offset: int = 0, partition: int = 0, ce_id: str | None = None, origin: int | None = None) -> Stored:
    """A fact as a reader gets it from the log."""
    entry = catalogue.entry_of(type(fact))
    headers = [("ce_id", (ce_id or f"{entry.wire}-{offset}").encode()), ("ce_type", entry.wire.encode()), ("ce_source", b"/test")]
    if origin is not None:
        headers.append(("ecrm_origin", str(origin).encode()))
    return Stored(entry.topic, partition, offset, str(getattr(fact, entry.key)).encode(), msgspec.json.encode(fact), tuple(headers), 1_780_000_000.0)


def profile(number: int, *, merged_into: int | None = None, **traits: Any) -> ProfileState:
    return ProfileState(
        customer_id=customer_id(number), version=1, registered_at=NOW - 100 * DAY, known=True,
        merged_into=None if merged_into is None else customer_id(merged_into),
        personal=ProfilePersonal(email=f"p{number}@example.org", language="fa", traits=traits) if merged_into is None else ProfilePersonal(),
    )


def belongs(name: str, number: int) -> IdentityState:
    return IdentityState(identity=identity(name), kind="user", customer_id=customer_id(number))


def event(
    who: str, name: str, *, at: datetime = NOW, kind: str = "track", source: str = "web", channel: str = "web", event_id: str | None = None,
    **properties: Any,
) -> InteractionRecorded:
    return InteractionRecorded(
        id=event_id or f"{who}-{name}-{at.isoformat()}", source=source, authority="server", kind=kind, name=name, channel=channel, initiator="customer",
        identity=identity(who), occurred_at=at, received_at=at,
        personal=InteractionPersonal(
            keys=[f"user:{who}"], properties=msgspec.Raw(msgspec.json.encode(properties)), traits=msgspec.Raw(b"{}"), context=msgspec.Raw(b"{}")
        ),
    )


def order(
    who: str, order_id: str, *, net: int, at: datetime = NOW, status: str = "placed", version: int = 1, refunded: int = 0, currency: str = "EUR",
    lines: Sequence[OrderLine] = (), source: str = "web",
) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id, identity=identity(who), source=source, status=status, currency=currency, ordered_at=at, paid_minor=net, net_minor=net,
        refunded_minor=refunded, version=version, lines=list(lines),
    )


def consent(number: int, **purposes: dict[str, str]) -> ConsentState:
    return ConsentState(customer_id=customer_id(number), purposes=purposes, version=1)
