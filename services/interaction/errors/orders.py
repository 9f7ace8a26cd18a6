"""Refusals about orders, currencies and registries."""

from __future__ import annotations

from chassis.errors import Invalid, Unknown


def unknown_order() -> Unknown:
    return Unknown("order.unknown", "There is no such order.")


def unknown_currency(pointer: str) -> Invalid:
    return Invalid(
        "currency.unknown", "This is no currency of ISO 4217: write its three letters, for example EUR.",
        errors=[{"pointer": pointer, "detail": "unknown currency"}],
    )


def same_currency(pointer: str) -> Invalid:
    return Invalid("currency.same", "A currency is worth one of itself: no rate is needed.", errors=[{"pointer": pointer, "detail": "the same as home"}])


def unknown_product() -> Unknown:
    return Unknown("product.unknown", "There is no such product.")


def unknown_partner() -> Unknown:
    return Unknown("partner.unknown", "There is no such partner.")
