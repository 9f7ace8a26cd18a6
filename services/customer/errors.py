"""This service's refusals."""

from __future__ import annotations

from uuid import UUID

from chassis.errors import Conflict, Invalid, Unknown


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "There is no customer with this id.")


def unknown_merge() -> Unknown:
    return Unknown("merge.unknown", "There is no merge with this id.")


def identity_taken(customer_id: UUID, kind: str) -> Conflict:
    return Conflict(
        "customer.identity_taken",
        f"A customer with this {kind} exists already; change that one, or send `?upsert=true`.",
        customer_id=str(customer_id),
    )


def bad_identity(pointer: str, message: str) -> Invalid:
    return Invalid("customer.bad_identity", message, pointer=pointer)


def bad_trait(name: str, message: str) -> Invalid:
    return Invalid("customer.bad_trait", message, pointer=f"/traits/{name}")


def same_customer() -> Conflict:
    return Conflict("merge.same_customer", "The two ids already are one customer.")


def different_types() -> Conflict:
    return Conflict("merge.different_types", "A person and an account are two customers: make the person a member of the account instead.")


def already_undone() -> Conflict:
    return Conflict("merge.already_undone", "This merge was undone before.")


def bad_search() -> Invalid:
    return Invalid("customer.bad_search", "Search for at least 2 letters or digits, or use `identity=kind:value`.")


def bad_trait_filter(name: str) -> Invalid:
    return Invalid("customer.bad_trait_filter", "Write `trait=name:value` with a text, number or yes/no of at most 80 signs.", pointer=f"/trait/{name[:100]}")
