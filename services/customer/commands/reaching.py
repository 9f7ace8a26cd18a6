"""How customers may be reached: states of addresses, chosen channels, messages that came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.ids import new_text_id
from chassis.unit_of_work import Transaction
from contracts import identity
from services.customer import errors, store
from services.customer.commands.checking import checked_traits
from services.customer.commands.renewing import Family, family_of, renew
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Assertion, resolve
from services.customer.domain import contact, identifying, reaching, traits
from services.customer.domain.graph import Claim, Named
from services.customer.domain.reaching import Choice, Mark
from services.customer.settings import CustomerService

BOUNCING: Final = "bouncing"


class Statement(NamedTuple):
    """What is stated of one address; None leaves as it is."""

    kind: str
    value: str
    state: str | None
    preferred: bool | None
    reason: str | None


@transactional
async def state_contact_points(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, statements: Sequence[Statement], source: str,
    versions: frozenset[int] | None = None,
) -> UUID:
    """State what is known of addresses of a customer; one that is new becomes an address of theirs. Returns who answers.

    With `versions` only if the customer has one of these. Raises Unknown, Invalid for what is no address, Conflict when it is somebody
    else's, Outdated.
    """
    wanted = [_checked(service, place, statement) for place, statement in enumerate(statements)]
    family = await family_of(service, tx, customer_id, versions=versions)
    now = service.clock.now()
    if family.root.type == "person":
        family = await _linked(service, tx, family, wanted, now=now, source=source)
    homes = {row.identity: row.home_id for row in await store.identities.find(tx.db, identities=[one.identity.hash for one in wanted])}
    present = await store.reaching.marks(tx.db, homes=family.ids)
    marks: dict[tuple[UUID, str, str], Mark] = {}
    for one in wanted:
        home = homes.get(one.identity.hash, family.root.id)
        if home not in family.records:
            home = family.root.id
        for mark in _marks(one.statement, home, present, now=now, source=source):
            marks[mark.home_id, mark.kind, mark.value] = mark
    await _write(service, tx, family, list(marks.values()))
    return family.root.id


class _Wanted(NamedTuple):
    statement: Statement
    identity: Named


def _checked(service: CustomerService, place: int, statement: Statement) -> _Wanted:
    """The statement with the address in its one spelling. Raises Invalid."""
    try:
        key = identifying.normal_identity(f"{statement.kind}:{statement.value}", region=service.settings.default_region or None)
    except ValueError:
        raise errors.bad_contact_point(
            f"/contact_points/{place}/value", "This is no address of that kind: write name@example.com or +<country><number>."
        ) from None
    if service.resources.rules.refuses(key.kind, key.value):
        raise errors.bad_contact_point(f"/contact_points/{place}/value", "This address reaches nobody.")
    value = contact.normal_email(statement.value) if statement.kind == "email" else key.value
    return _Wanted(statement._replace(value=value), Named(service.hash_identity(str(key)), statement.kind, str(key)))


async def _linked(
    service: CustomerService, tx: Transaction, family: Family, wanted: Sequence[_Wanted], *, now: datetime, source: str
) -> Family:
    """A new address becomes an identity of the person. Raises Conflict when it is somebody's."""
    rows = {row.identity: row for row in await store.identities.find(tx.db, identities=[one.identity.hash for one in wanted])}
    for row in rows.values():
        if row.customer_id != family.root.id:
            raise errors.identity_taken(row.customer_id, row.kind)
    new = tuple({one.identity.hash: one.identity for one in wanted if one.identity.hash not in rows}.values())
    if not new:
        return family
    claim = Claim(None, new, True, False, now, source, new_text_id(), customer=family.root.id)
    await resolve(service, tx, [Assertion(claim, {})])
    return await family_of(service, tx, family.root.id)


def _marks(statement: Statement, home: UUID, present: Sequence[Mark], *, now: datetime, source: str) -> list[Mark]:
    """The rows to write for one statement: that of the address' home, and those under which it was preferred before."""
    same = [mark for mark in present if mark.kind == statement.kind and mark.value.casefold() == statement.value.casefold()]
    own = next((mark for mark in same if mark.home_id == home), None)
    latest = max(same, key=lambda mark: mark.state_at, default=None)
    state = statement.state or (latest.state if latest else "unverified")
    reason = statement.reason if statement.state else latest.reason if latest else None
    preferred_at = now if statement.preferred else None if statement.preferred is False else own.preferred_at if own else None
    value = own.value if own else statement.value
    rows = [Mark(home, statement.kind, value, state, now, reason, source, preferred_at)]
    if statement.preferred is False:
        rows += [mark._replace(preferred_at=None) for mark in same if mark.home_id != home and mark.preferred_at is not None]
    return rows


async def _write(service: CustomerService, tx: Transaction, family: Family, marks: Sequence[Mark]) -> None:
    if marks:
        await store.reaching.put_marks(tx.db, rows=marks)
        for mark in marks:
            family.records[mark.home_id].extend()
        await renew(service, tx, family.records)


async def note_bounce(
    service: CustomerService, tx: Transaction, *, address: bytes, customer_id: UUID | None, at: datetime, source: str, reason: str | None
) -> None:
    """A message to this address (keyed hash) came back for good: nothing is sent there until somebody states otherwise.

    `customer_id` helps where the address is a mere trait. An address nobody knows here is let pass, and so is a later statement.
    """
    rows = await store.identities.find(tx.db, identities=[address])
    if not rows and customer_id is None:
        return
    asked = rows[0].customer_id if rows else customer_id
    assert asked is not None
    if not await store.customers.find(tx.db, ids=[asked]):
        return
    family = await family_of(service, tx, asked)
    if rows:
        kind, value, home = rows[0].kind, rows[0].key.partition(":")[2], rows[0].home_id
    else:
        told = _trait_of(service, family, address)
        if told is None:
            return
        kind, value, home = told
    if kind not in reaching.KINDS or home not in family.records:
        return
    present = [
        mark for mark in await store.reaching.marks(tx.db, homes=family.ids)
        if mark.kind == kind and mark.value.casefold() == value.casefold()
    ]
    if any(mark.state_at >= at or mark.state == "refused" for mark in present):
        return
    own = next((mark for mark in present if mark.home_id == home), None)
    mark = Mark(home, kind, own.value if own else value, BOUNCING, at, reason, source, own.preferred_at if own else None)
    await _write(service, tx, family, [mark])


def _trait_of(service: CustomerService, family: Family, address: bytes) -> tuple[str, str, UUID] | None:
    """The address among the traits of a family that has this keyed hash."""
    for home in family.ids:
        for kind in reaching.KINDS:
            trait = family.records[home].told.get(kind)
            if trait is None or not isinstance(trait.value, str):
                continue
            if service.hash_identity(f"{kind}:{identity.fold(kind, trait.value)}") == address:
                return kind, trait.value, home
    return None


@transactional
async def choose(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, told: Mapping[str, Any], channels: Mapping[str, str] | None, source: str,
    versions: frozenset[int] | None = None,
) -> UUID:
    """What a customer chose: `told` are `language` and `time_zone` (None takes one back), `channels` all channels by purpose, None: as they are.

    Returns who answers. With `versions` only if the customer has one of these. Raises Unknown, Invalid, Outdated.
    """
    _check_choice(told)
    told = checked_traits(service, await store.definitions.current(tx.db, service.resources.definitions), told)
    family = await family_of(service, tx, customer_id, versions=versions)
    now = service.clock.now()
    if told:
        event_id = new_text_id()
        values = {name: traits.Trait(value, traits.SERVER, now, (-1, -1), event_id, source) for name, value in told.items()}
        await resolve(service, tx, [Assertion(Claim(None, (), True, False, now, source, event_id, customer=family.root.id), values)])
    if channels is not None:
        family = await family_of(service, tx, family.root.id)
        before = reaching.chosen(await store.reaching.choices(tx.db, homes=family.ids))
        if before != dict(channels):
            changed = {purpose: channels.get(purpose) for purpose in before.keys() | channels.keys() if before.get(purpose) != channels.get(purpose)}
            rows = [Choice(family.root.id, purpose, channel, now, source) for purpose, channel in changed.items()]
            await store.reaching.put_choices(tx.db, rows=rows)
            family.root.extend()
            await renew(service, tx, family.records)
    return family.root.id


def _check_choice(told: Mapping[str, Any]) -> None:
    language, zone = told.get("language"), told.get("time_zone")
    if language is not None and not reaching.is_language(language):
        raise errors.bad_preference("/language", "Write the language as a tag such as fa, fa-IR or en-GB.")
    if zone is not None and not reaching.is_time_zone(zone):
        raise errors.bad_preference("/time_zone", "Write the time zone by its IANA name, such as Asia/Tehran.")
