"""Customers by hand and by other systems: register, change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import new_text_id
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands import erasing
from services.customer.commands.checking import checked_traits
from services.customer.commands.collecting import contact_identities
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Assertion, load, resolve
from services.customer.domain import identifying, traits
from services.customer.domain.graph import Claim, Named
from services.customer.domain.traits import joined
from services.customer.settings import CustomerService


class Registered(NamedTuple):
    """The customer that answers, and whether it is new."""

    customer_id: UUID
    created: bool


@transactional
async def register_customer(
    service: CustomerService, tx: Transaction, *, identities: Sequence[str], traits: Mapping[str, Any], source: str, upsert: bool,
    type: str = "person",
) -> Registered:
    """A new customer with these identities (`kind:value`) and traits: a person, an organisation or a household.

    Raises Conflict `customer.identity_taken` when one of them is somebody's already, unless `upsert`: then that customer is
    completed by the same rules as by an event of a server. Raises Invalid for identities and traits that cannot be used.
    """
    definitions = await store.definitions.current(tx.db, service.resources.definitions)
    values = checked_traits(service, definitions, traits)
    named = _identities(service, identities, type=type)
    if type == "person":
        present = {identity.hash for identity in named}
        named += [identity for identity in contact_identities(service, values) if identity.hash not in present]
    await _free(tx, named, upsert=upsert, type=type)
    await erasing.welcome_back(service, tx, identities=[identity.hash for identity in named])
    primary, links = (named[0], tuple(named[1:])) if named else (None, ())
    claim = Claim(primary, links, server=True, alias=False, at=service.clock.now(), source=source, event_id=new_text_id(), type=type)
    outcome = await resolve(service, tx, [Assertion(claim, _told(values, claim))])
    home = outcome.homes[0]
    assert home is not None
    root = await _answering(tx, outcome.root(home))
    if root not in outcome.graph.created and not upsert and named:
        raise errors.identity_taken(root, named[0].kind)  # somebody registered it since we looked
    return Registered(root, root in outcome.graph.created)


class Changed(NamedTuple):
    """The customer that answers, and the traits that stay as they were, because a source told them that has the last word."""

    customer_id: UUID
    outvoted: list[str]


@transactional
async def change_customer(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, traits: Mapping[str, Any], source: str,
    versions: frozenset[int] | None = None,
) -> Changed:
    """Merge-patch of the traits (RFC 7396): null removes one, an object changes the members it names. A new address or number becomes an
    identity, too.

    With `versions` only if the customer has one of these. Raises Unknown, Invalid, Outdated.
    """
    await store.identities.hold_still(tx.db)
    root = await _answering(tx, customer_id)
    # From here on nobody else changes this customer: what is compared and patched is what is replaced.
    family = await load(service, tx.db, {root})
    definitions = family[root].definitions
    if versions is not None and family[root].version not in versions:
        raise errors.changed_meanwhile(family[root].version)
    present = joined((member.told for member in family.values()), definitions.weights)
    values = checked_traits(service, definitions, traits, present=present)
    links = tuple(contact_identities(service, values)) if family[root].type == "person" else ()
    claim = Claim(
        None, links, server=True, alias=False, at=service.clock.now(), source=source, event_id=new_text_id(), customer=root
    )
    told = _told(values, claim)
    outcome = await resolve(service, tx, [Assertion(claim, told)])
    answering = outcome.root(root)
    profile = joined((member.told for member in outcome.records.values() if member.root_id == answering), definitions.weights)
    return Changed(answering, [name for name, trait in told.items() if profile.get(name) != trait])


@transactional
async def hide_fields(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, fields: Sequence[str], source: str, versions: frozenset[int] | None = None
) -> UUID:
    """From now on these traits, and no others, are hidden: shown only to whoever may see what is sensitive, and told to no other service.

    Returns the customer that answers. Raises Unknown, Invalid, Outdated.
    """
    names = []
    for field in fields:
        name = traits.usable_name(field)
        if name is None or name in traits.UNHIDABLE:
            raise errors.unhidable(field[:100])
        names.append(name)
    await store.identities.hold_still(tx.db)
    root = await _answering(tx, customer_id)
    family = await load(service, tx.db, {root})
    if versions is not None and family[root].version not in versions:
        raise errors.changed_meanwhile(family[root].version)
    claim = Claim(None, (), server=True, alias=False, at=service.clock.now(), source=source, event_id=new_text_id(), customer=root)
    outcome = await resolve(service, tx, [Assertion(claim, _told({traits.HIDDEN: sorted(set(names)) or None}, claim))])
    return outcome.root(root)


async def _answering(tx: Transaction, customer_id: UUID) -> UUID:
    rows = await store.customers.find(tx.db, ids=[customer_id])
    if not rows:
        raise errors.unknown_customer()
    return rows[0].root_id


def _told(values: Mapping[str, Any], claim: Claim) -> traits.Traits:
    return {
        name: traits.Trait(value, traits.SERVER, claim.at, (-1, -1), claim.event_id, claim.source) for name, value in values.items()
    }


async def _free(tx: Transaction, named: Sequence[Named], *, upsert: bool, type: str) -> None:
    """Raises Conflict when an identity is somebody's; with `upsert` only when that is another type of customer."""
    rows = await store.identities.find(tx.db, identities=[identity.hash for identity in named])
    kinds = {row.customer_id: row.kind for row in rows}
    for owner in await store.customers.find(tx.db, ids=kinds):
        if not upsert or (owner.type == "person") != (type == "person"):
            raise errors.identity_taken(owner.id, kinds[owner.id])


def _identities(service: CustomerService, texts: Sequence[str], *, type: str) -> list[Named]:
    """Checked identities in one spelling. Raises Invalid."""
    found: dict[bytes, Named] = {}
    for place, text in enumerate(texts):
        pointer = f"/identities/{place}"
        try:
            key = str(identifying.normal_identity(text, region=service.settings.default_region or None))
        except ValueError as error:
            raise errors.bad_identity(pointer, str(error)) from None
        kind, _, value = key.partition(":")
        if service.resources.rules.refuses(kind, value):
            raise errors.bad_identity(pointer, "By the identity rules this value names nobody.")
        if (type == "person") == (kind == "account") and kind != "ext":
            raise errors.bad_identity(pointer, f"A customer of type {type} is not recognised by this kind of identity.")
        found.setdefault(service.hash_identity(key), Named(service.hash_identity(key), kind, key))
    if sum(identity.kind == "user" for identity in found.values()) > 1:
        raise errors.bad_identity("/identities", "A customer has one user id; tie two of them by a merge.")
    return list(found.values())
