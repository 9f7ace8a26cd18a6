"""Identity rules as they are and were, what another document would mean, and what the rules held back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.customer import errors, store
from services.customer.domain import rules
from services.customer.settings import CustomerService

#: Existing identities that a preview looks through, and how many examples it shows of each finding.
EXAMINED_AT_MOST, SHOWN = 1_000_000, 20


class Ruled(NamedTuple):
    """A version of the rules; version 0 is the built-in one, changed by nobody."""

    version: int
    document: dict[str, Any]
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


class Refused(NamedTuple):
    kind: str
    key: str
    customer_id: UUID


@dataclass(frozen=True)
class Exceeding:
    """A customer (or device) that has more than a rule allows."""

    kind: str
    customer_id: UUID | None
    count: int
    limit: int
    key: str | None = None


@dataclass
class Found:
    """How many there are, and some of them."""

    count: int = 0
    sample: list[Any] = field(default_factory=list)

    def add(self, example: Any) -> None:
        self.count += 1
        if self.count <= SHOWN:
            self.sample.append(example)


class Preview(NamedTuple):
    """What a document would refuse or hold back among what exists. Nothing of it is changed when the document becomes the rules."""

    examined: int
    complete: bool
    refused: dict[str, Found]
    over_limit: dict[str, Found]
    families: Found
    devices: Found


async def get_identity_rules(service: CustomerService) -> Ruled:
    """The newest version."""
    return (await list_identity_rules(service, before=None, limit=1))[0]


async def list_identity_rules(service: CustomerService, *, before: int | None, limit: int) -> list[Ruled]:
    """Versions, the newest first, the built-in one last."""
    async with service.read() as db:
        found = [Ruled(*row) for row in await store.rules.page(db, before=before, limit=limit)]
    if len(found) < limit and (before is None or before > 0):
        found.append(Ruled(0, msgspec.to_builtins(rules.DEFAULT)))
    return found


async def preview_identity_rules(service: CustomerService, *, document: Any) -> Preview:
    """What the document would refuse or hold back among existing identities, at most a million of them. Raises Invalid."""
    try:
        tried = rules.Rules(rules.read(document))
    except rules.BadRules as error:
        raise errors.bad_rules(error.pointer, str(error)) from None
    refused: dict[str, Found] = {}
    over: dict[str, Found] = {}
    examined = 0
    async with service.read() as db, db.transaction(isolation="repeatable_read", readonly=True):
        async for kind, key, customer in store.identities.all_of(db, limit=EXAMINED_AT_MOST + 1):
            examined += 1
            if examined <= EXAMINED_AT_MOST and tried.refuses(kind, key.partition(":")[2]):
                refused.setdefault(kind, Found()).add(Refused(kind, key, customer))
        for each in tried.document.kinds:
            bound = 1 if each.unique else each.limit
            if bound is not None:
                count, rows = await store.identities.exceeding(db, kind=each.kind, limit=bound, shown=SHOWN)
                if count:
                    over[each.kind] = Found(count, [Exceeding(each.kind, customer, number, bound) for customer, number in rows])
        count, families = await store.customers.large_families(db, limit=tried.max_family, shown=SHOWN)
        devices = Found()
        if tried.shared_device is not None:
            since = service.clock.now() - timedelta(days=tried.shared_device.days)
            number, found = await store.devices.shared(db, users=tried.shared_device.users, since=since, shown=SHOWN)
            devices = Found(number, [Exceeding("anon", owner, users, tried.shared_device.users, key) for key, owner, users in found])
    return Preview(
        min(examined, EXAMINED_AT_MOST), examined <= EXAMINED_AT_MOST, refused, over,
        Found(count, [Exceeding("customer", root, members, tried.max_family) for root, members in families]), devices,
    )


async def list_identity_reviews(
    service: CustomerService, *, state: str | None, reason: str | None, after: UUID | None, limit: int
) -> list[store.reviews.Row]:
    """What rules held back."""
    async with service.read() as db:
        return await store.reviews.page(db, state=state, reason=reason, after=after, limit=limit)
