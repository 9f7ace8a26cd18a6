"""What a merge would come to, before anybody decides."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.errors import Unavailable
from services.customer import errors, store
from services.customer.domain import graph, previewing, traits
from services.customer.domain.previewing import Conflict
from services.customer.queries.customers import Found, found_of, list_customers
from services.customer.queries.reaching import SHOWN_NEEDS, homes
from services.customer.settings import CustomerService
from services.customer.store.reaching import Need
from services.customer.store.surroundings import Surroundings

#: Identities of the merged customer that are shown.
SHOWN_IDENTITIES = 100


class Consent(NamedTuple):
    """A purpose and channel: what each said, and what would count for both."""

    scope: str
    survivor: str
    merged: str
    result: str


class MergePreview(NamedTuple):
    """`together` is the customer as it would be; nothing is changed. `consent` is None while the consent service does not answer."""

    survivor: Found
    merged: Found
    together: Found
    conflicts: list[Conflict]
    moving: list[store.identities.Row]
    moving_count: int
    around: Surroundings
    needs: list[Need]
    warnings: list[str]
    consent: list[Consent] | None


async def preview_merge(service: CustomerService, *, survivor_id: UUID, merged_id: UUID) -> MergePreview:
    """The customer that two would be. Raises Unknown, Conflict as the merge itself would."""
    found = {row.id: each for each in await list_customers(service, ids=[survivor_id, merged_id]) for row in (each.root, *each.members)}
    if survivor_id not in found or merged_id not in found:
        raise errors.unknown_customer()
    survivor, merged = found[survivor_id], found[merged_id]
    if survivor is merged:
        raise errors.same_customer()
    if (survivor.root.type == "person") != (merged.root.type == "person"):
        raise errors.different_types()
    documents = {row.id: traits.read(row.traits) for each in (survivor, merged) for row in (each.root, *each.members)}
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
        moving = await store.identities.of_customer(db, customer=merged.root.id, after=None, limit=SHOWN_IDENTITIES)
        counts = await store.identities.count_kinds(db, customers=[survivor.root.id, merged.root.id])
        separated = await store.merges.separated(db, roots=[survivor.root.id, merged.root.id])
        families = {merged.root.id: {id: documents[id] for id in homes(merged)}}
        around = await store.surroundings.of_families(db, families=families, weights=definitions.weights)
        needs = await store.reaching.needs(db, homes=homes(merged), unmet=True, after=None, limit=SHOWN_NEEDS)
    together = found_of(
        survivor.root, [*survivor.members, merged.root, *merged.members], documents, weights=definitions.weights, sensitive=survivor.sensitive
    )
    people = {each.root.id: graph.Person(each.root.id, each.root.has_user, each.root.known, len(homes(each)), each.root.type) for each in (survivor, merged)}
    for customer, kind, count in counts:
        people[customer].kinds[kind] = count
    return MergePreview(
        survivor, merged, together, previewing.conflicts(survivor.profile, merged.profile, definitions.weights), moving,
        people[merged.root.id].kinds.total(), around[merged.root.id], needs,
        graph.Graph(lambda: survivor_id, people=people, separated=separated, rules=service.resources.rules).objections(
            survivor.root.id, merged.root.id
        ),
        await _consent(service, survivor.root.id, merged.root.id),
    )


async def _consent(service: CustomerService, survivor: UUID, merged: UUID) -> list[Consent] | None:
    said = [await _said(service, customer) for customer in (survivor, merged)]
    one, two = said
    if one is None or two is None:
        return None
    return [
        Consent(scope, one.get(scope, "unspoken"), two.get(scope, "unspoken"), result)
        for scope, result in previewing.stricter(one, two).items()
        if result != "unspoken"
    ]


async def _said(service: CustomerService, customer: UUID) -> dict[str, str] | None:
    """`purpose/channel` -> granted, withdrawn or unspoken."""
    try:
        answer = await service.peers["consent"].call("GET", f"/api/v1/customers/{customer}/consent", scopes=["consent:read"])
    except Unavailable:
        return None
    if answer.status != 200:
        return None
    return {
        f"{purpose['purpose']}/{channel}": standing["state"]
        for purpose in answer.json()["purposes"] for channel, standing in purpose["channels"].items()
    }
