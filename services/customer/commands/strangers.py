"""Rows of a list about people nobody knows yet: one COPY into each table, without the graph that decides who is who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.customer import CustomerRegistered, CustomerUpdated, IdentityLinked, IdentityState, ProfileState
from services.customer import store
from services.customer.commands import telling
from services.customer.commands.resolving import Assertion, Collision
from services.customer.domain import searching, traits
from services.customer.domain.claims import Claim
from services.customer.domain.rules import Rules
from services.customer.settings import CustomerService

#: Kinds that make nobody wait for anybody else: no device that others use, no organisation.
_PLAIN: Final = frozenset({"user", "ext", "email", "phone"})


def strangers(rules: Rules, assertions: Sequence[Assertion], known: Collection[bytes]) -> list[int]:
    """Which of the assertions meet nobody: no identity is known or said by another one, and no rule holds anything back."""
    said = Counter(named.hash for each in assertions for named in each.claim.named)
    may: dict[tuple[str, ...], bool] = {}
    found = []
    for place, each in enumerate(assertions):
        named = each.claim.named
        if len(each.traits) > traits.MAX_TRAITS // 2 or any(one.hash in known or said[one.hash] > 1 for one in named):
            continue
        kinds = tuple(one.kind for one in named)
        if kinds not in may:
            may[kinds] = _allowed(rules, each.claim, kinds)
        if may[kinds] and not any(rules.refuses(one.kind, one.value) for one in named):
            found.append(place)
    return found


def _allowed(rules: Rules, claim: Claim, kinds: tuple[str, ...]) -> bool:
    """Whether identities of these kinds make one new person, by the word of a server."""
    if claim.primary is None or claim.type != "person" or not claim.server or not _PLAIN.issuperset(kinds):
        return False
    counts = Counter(kinds)
    within = all((limit := rules.limit(kind)) is None or count <= limit for kind, count in counts.items())
    return within and all(rules.may_link(kinds[0], kind, server=True, alias=False) for kind in kinds[1:]) and all(
        counts[kind] < 2 for kind in rules.unique
    )


async def add(service: CustomerService, tx: Transaction, assertions: Sequence[Assertion]) -> list[UUID]:
    """A customer for each assertion that `strangers` chose; returns them. Raises Collision when somebody was faster."""
    now = service.clock.now()
    definitions = await store.definitions.current(tx.db, service.resources.definitions)
    customers: list[store.customers.Row] = []
    identities: list[store.identities.Row] = []
    told: list[tuple[UUID, traits.Told]] = []
    words: set[str] = set()
    for claim, document, *_ in assertions:
        assert claim.primary is not None
        home, kinds = new_id(), {named.kind for named in claim.named}
        told += [(home, traits.Told(name, trait, claim.primary.hash)) for name, trait in document.items()]
        for named in claim.named:
            identities.append(store.identities.Row(named.hash, named.kind, named.key, home, home, claim.at, claim.source, now))
            if named.kind in {"email", "phone"} and named.kind not in document:
                implied = traits.implied(named.value, source=claim.source)
                document = {**document, named.kind: implied}
                told.append((home, traits.Told(named.kind, implied, named.hash)))
        values = traits.values(definitions.open(document))
        vocabulary = searching.vocabulary(values)
        words.update(vocabulary)
        customers.append(store.customers.Row(
            home, home, None, claim.at, now, claim.source, 1, "user" in kinds, True, traits.written(document),
            searching.search_text(values, vocabulary), claim.type, now, False, traits.text_of(values, "owner"),
        ))
        _tell(tx, customers[-1], claim, values, sorted(document))
    if await store.identities.insert(tx.db, rows=identities) < len(identities):
        raise Collision("an identity was linked meanwhile")
    await store.customers.insert(tx.db, rows=customers)
    await store.history.add(tx.db, rows=told, recorded_at=now)
    if words:
        await store.search.note_words(tx.db, words=words)
    return [row.id for row in customers]


def _tell(tx: Transaction, row: store.customers.Row, claim: Claim, values: dict[str, object], changed: list[str]) -> None:
    """The same facts and states, in the same order, as of a customer who came by an event."""
    customer = str(row.id)
    tx.tell(CustomerRegistered(customer_id=customer, registered_at=row.registered_at, source=claim.source))
    for named in claim.named:
        identity = named.hash.hex()
        tx.tell(IdentityLinked(customer_id=customer, identity=identity, kind=named.kind, linked_at=claim.at))
        tx.tell(IdentityState(identity=identity, kind=named.kind, customer_id=customer))
    shown = telling.personal_of(values)
    if changed:
        tx.tell(CustomerUpdated(customer_id=customer, version=1, changed=changed, updated_at=row.updated_at, personal=shown))
    tx.tell(ProfileState(
        customer_id=customer, version=1, registered_at=row.registered_at, known=True, type=row.type, channels={},
        time_zone=telling.time_zone(shown), personal=shown,
    ))
