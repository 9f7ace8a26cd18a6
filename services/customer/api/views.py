"""How customers are shown: traits that are sensitive only to whoever may see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.identity import Caller
from services.customer import queries
from services.customer.domain import traits
from services.customer.domain.accounts import Belonging
from services.customer.domain.traits import Trait
from services.customer.schemas.accounts import AccountOfView
from services.customer.schemas.customers import CustomerView, HistoryView, TraitView
from services.customer.schemas.reaching import NeedView

SENSITIVE: Final = "customers:sensitive"

_AUTHORITY = {traits.TAKEN_BACK: "taken_back", traits.IMPLIED: "implied", **{rank: name for name, rank in traits.RANKS.items()}}


def hidden_from(asking: Caller, sensitive: frozenset[str]) -> frozenset[str]:
    """The traits that this caller may not see."""
    return frozenset() if asking.may(SENSITIVE) else sensitive


def customer_view(found: queries.Found, asking: Caller) -> CustomerView:
    """A customer in a list."""
    hidden = hidden_from(asking, found.sensitive)
    values = {name: value for name, value in traits.values(found.profile).items() if name not in hidden}
    return CustomerView(
        id=found.root.id, type=found.root.type, known=found.root.known, version=found.root.version, registered_at=found.root.registered_at,
        updated_at=found.root.updated_at, email=traits.text_of(values, "email"), phone=traits.text_of(values, "phone"),
        name=traits.full_name(values), language=traits.text_of(values, "language"), owner=traits.text_of(values, "owner"),
        traits=values,
        merged=[member.id for member in found.members],
    )


def full_view(found: queries.Found, asking: Caller, *, asked: UUID, identities: Sequence[str]) -> CustomerView:
    """One customer with provenance and identities."""
    return customer_view(found, asking).model_copy(
        update={
            "requested_id": asked if asked != found.root.id else None, "provenance": _provenance(found, asking), "identities": list(identities),
        }
    )


def past_view(past: queries.Past, asking: Caller, *, asked: UUID, at: datetime) -> CustomerView:
    """One customer as known at a time."""
    view = full_view(past.found, asking, asked=asked, identities=[row.key for row in past.identities])
    return view.model_copy(update={"as_of": at, "version": None, "updated_at": past.changed_at})


def history_views(told: queries.Told, asking: Caller) -> list[HistoryView]:
    """Values that were taken over, newest first."""
    hidden = hidden_from(asking, told.sensitive)
    return [
        HistoryView(
            trait=row.name, removed=row.trait.value is None, recorded_at=row.recorded_at, customer_id=row.home_id,
            **_shown(row.trait, hidden=row.name in hidden),
        )
        for row in told.rows
    ]


def _provenance(found: queries.Found, asking: Caller) -> dict[str, TraitView]:
    hidden = hidden_from(asking, found.sensitive)
    return {
        name: TraitView(customer_id=found.told_under[name], **_shown(trait, hidden=name in hidden))
        for name, trait in sorted(found.profile.items())
        if trait.value is not None
    }


def trait_view(trait: Trait, *, customer_id: UUID, hidden: bool) -> TraitView:
    """One value with its provenance."""
    return TraitView(customer_id=customer_id, **_shown(trait, hidden=hidden))


def _shown(trait: Trait, *, hidden: bool) -> dict[str, Any]:
    told = trait.rank != traits.IMPLIED
    return {
        "value": None if hidden else trait.value, "hidden": hidden and trait.value is not None, "source": trait.source,
        "authority": _AUTHORITY[trait.rank], "set_at": trait.at if told else None, "event_id": trait.event_id if told else None,
    }


def account_views(own: Sequence[queries.OwnAccount]) -> list[AccountOfView]:
    """The accounts of a person."""
    return [
        AccountOfView(
            account_id=one.account.root.id, type=one.account.root.type, name=traits.full_name(traits.values(one.account.profile)),
            **membership(one.belonging),
        )
        for one in own
    ]


def membership(one: Belonging) -> dict[str, Any]:
    """Role and times."""
    return {"role": one.role, "since": one.since, "until": one.until, "primary": one.primary_at is not None, "source": one.source}


def need_view(need: queries.Need) -> NeedView:
    """A need."""
    return NeedView.model_validate(need, from_attributes=True)
