"""Customers by hand and by other systems: register, change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis.ids import new_text_id
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.collecting import contact_identities
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Assertion, resolve
from services.customer.domain import contact, identifying, traits
from services.customer.domain.graph import Claim, Named
from services.customer.settings import CustomerService

#: Of one trait; events are bounded by the collector, requests here.
MAX_VALUE_BYTES: Final = 16 * 1024


class Registered(NamedTuple):
    """The customer that answers, and whether it is new."""

    customer_id: UUID
    created: bool


@transactional
async def register_customer(
    service: CustomerService, tx: Transaction, *, identities: Sequence[str], traits: Mapping[str, Any], source: str, upsert: bool
) -> Registered:
    """A new customer with these identities (`kind:value`) and traits.

    Raises Conflict `customer.identity_taken` when one of them is somebody's already, unless `upsert`: then that customer is
    completed by the same rules as by an event of a server. Raises Invalid for identities and traits that cannot be used.
    """
    values = _checked(service, traits)
    named = _identities(service, identities)
    present = {identity.hash for identity in named}
    named += [identity for identity in contact_identities(service, values) if identity.hash not in present]
    if not upsert:
        for row in await store.identities.find(tx.db, identities=[identity.hash for identity in named]):
            raise errors.identity_taken(row.customer_id, row.kind)
    primary, links = (named[0], tuple(named[1:])) if named else (None, ())
    claim = Claim(primary, links, server=True, alias=False, at=service.clock.now(), source=source, event_id=new_text_id())
    outcome = await resolve(service, tx, [Assertion(claim, _told(values, claim))])
    home = outcome.homes[0]
    assert home is not None
    root = await _answering(tx, outcome.root(home))
    return Registered(root, root in outcome.graph.created)


@transactional
async def change_customer(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, traits: Mapping[str, Any], source: str
) -> UUID:
    """Merge-patch of the traits (RFC 7396, one level): null removes one. A new address or number becomes an identity, too.

    Returns the id that answers. Raises Unknown, Invalid.
    """
    values = _checked(service, traits)
    root = await _answering(tx, customer_id)
    links = tuple(contact_identities(service, values))
    claim = Claim(
        None, links, server=True, alias=False, at=service.clock.now(), source=source, event_id=new_text_id(), customer=root
    )
    outcome = await resolve(service, tx, [Assertion(claim, _told(values, claim))])
    return outcome.root(root)


async def _answering(tx: Transaction, customer_id: UUID) -> UUID:
    rows = await store.customers.find(tx.db, ids=[customer_id])
    if not rows:
        raise errors.unknown_customer()
    return rows[0].root_id


def _checked(service: CustomerService, sent: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in sent.items():
        if not traits.storable(name):
            raise errors.bad_trait("", "A trait has a name that cannot be stored.")
        if not traits.storable(value) or len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
            raise errors.bad_trait(name[:100], "The value cannot be stored: NUL, broken text, too large or too deep.")
    clean = traits.cleaned(sent, region=service.settings.default_region or None)
    if "email" in clean.left_out:
        raise errors.bad_trait("email", "This is no e-mail address.")
    if clean.left_out:
        raise errors.bad_trait(clean.left_out[0], "This trait has no usable name or value.")
    return clean.values


def _told(values: Mapping[str, Any], claim: Claim) -> traits.Traits:
    return {
        name: traits.Trait(value, traits.SERVER, claim.at, (-1, -1), claim.event_id, claim.source) for name, value in values.items()
    }


def _identities(service: CustomerService, texts: Sequence[str]) -> list[Named]:
    """Checked identities in one spelling. Raises Invalid."""
    found: dict[bytes, Named] = {}
    for place, text in enumerate(texts):
        pointer = f"/identities/{place}"
        try:
            key = str(identifying.normal_identity(text, region=service.settings.default_region or None))
        except ValueError as error:
            raise errors.bad_identity(pointer, str(error)) from None
        kind, _, value = key.partition(":")
        if contact.refused(value):
            raise errors.bad_identity(pointer, "This value names nobody.")
        found.setdefault(service.hash_identity(key), Named(service.hash_identity(key), kind, key))
    if sum(identity.kind == "user" for identity in found.values()) > 1:
        raise errors.bad_identity("/identities", "A customer has one user id; tie two of them by a merge.")
    return list(found.values())
