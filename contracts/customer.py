"""What the customer service tells: who a person is, and which identities are one person."""

from __future__ import annotations

from typing import Any

from contracts.erasure import ErasureAcknowledged as Acknowledgement
from contracts.fact import Fact, Moment, Personal


class CustomerRegistered(Fact, frozen=True, kw_only=True):
    """A customer exists from now on."""

    customer_id: str
    registered_at: Moment
    source: str


class ProfilePersonal(Personal, frozen=True, kw_only=True):
    """Contact points, names and traits."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None
    traits: dict[str, Any] = {}


class CustomerUpdated(Fact, frozen=True, kw_only=True):
    """Traits of a customer changed; `changed` names them, `version` counts the changes."""

    customer_id: str
    version: int
    changed: list[str]
    updated_at: Moment
    personal: ProfilePersonal


class IdentityLinked(Fact, frozen=True, kw_only=True):
    """An identity (its keyed hash, hex) belongs to a customer."""

    customer_id: str
    identity: str
    kind: str
    linked_at: Moment


class CustomersMerged(Fact, frozen=True, kw_only=True):
    """Two customers turned out to be one person; `merged_id` still answers, with `survivor_id`."""

    merge_id: str
    survivor_id: str
    merged_id: str
    reason: str
    identities: list[str]
    merged_at: Moment


class CustomersUnmerged(Fact, frozen=True, kw_only=True):
    """A merge was undone: `restored_id` answers for itself again, with these identities (keyed hashes, hex)."""

    merge_id: str
    survivor_id: str
    restored_id: str
    reason: str
    identities: list[str]
    unmerged_at: Moment


class IdentitySplit(Fact, frozen=True, kw_only=True):
    """One identity was taken out of a customer: it answers for itself as `customer_id` from now on.

    It belonged to `from_id`, under `home_id`, since `linked_at`. It does not link back by itself; undoing is a merge.
    """

    split_id: str
    customer_id: str
    from_id: str
    home_id: str
    identity: str
    kind: str
    linked_at: Moment
    split_at: Moment
    reason: str


class IdentityState(Fact, frozen=True, kw_only=True):
    """`ecrm.state.identity`, key = identity hash (hex): whose identity it is now.

    `home_id` is the customer under which it was first seen, where that is another one: undoing merges brings it back there, so what is
    said under the identity is kept under its home.
    """

    identity: str
    kind: str
    customer_id: str
    home_id: str | None = None


class ProfileState(Fact, frozen=True, kw_only=True):
    """`ecrm.state.profile`, key = customer id: the profile as others may replicate it.

    A customer that was merged away has `merged_into` set and no personal fields. `personal.traits` has `account`, the account the person
    belongs to first of all: its traits with `id`, `type`, `name` and `role`. `type`: person, organisation or household. `channels` is the channel chosen per purpose (`*`: any other).
    """

    customer_id: str
    version: int
    registered_at: Moment
    merged_into: str | None = None
    known: bool = False
    type: str = "person"
    channels: dict[str, str] = {}
    time_zone: str | None = None
    personal: ProfilePersonal = ProfilePersonal()


class ErasureAcknowledged(Acknowledgement, frozen=True, kw_only=True):
    """Profile, identities and everything told of the person are gone here."""


class CustomerErased(Fact, frozen=True, kw_only=True):
    """A person was erased at their own request; the ids never answer again."""

    customer_id: str
    request_id: str
    erased_at: Moment


class ErasureState(Fact, frozen=True, kw_only=True):
    """`ecrm.state.erasure`, key = request id: the ledger of erasures, kept for ever and applied again after a restore or a replay.

    `customer_ids`: the customer with all that were merged into it. `identities` (keyed hashes, hex): their events that were received before
    `erased_at` are dropped wherever they turn up, and later ones too, until the person registers again; those are then no longer listed.
    """

    request_id: str
    customer_ids: list[str]
    identities: list[str]
    erased_at: Moment
