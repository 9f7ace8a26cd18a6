"""The reserved names (`ecrm.…`): which are known from outside, and whether their data matches the published schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from contracts import collection_schemas
from services.interaction.domain.collecting.outcome import EventRefused

PREFIX: Final = "ecrm."


@lru_cache(maxsize=64)
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    schema = collection_schemas.schema_of(name)
    if schema is None:
        raise EventRefused("unknown_reserved_type")
    return jsonschema_rs.Draft202012Validator(schema)


def check_reserved(name: str, data: Any, *, customer: bool, default_currency: str | None = None) -> None:
    """Refuse a reserved name that is no touch point or order, and data that breaks the schema (detail = JSON pointer).

    `customer` says that the event names one already; otherwise a touch point needs `customer` in its data.
    """
    if name not in collection_schemas.RESERVED:  # the platform's own facts are unknown here: nobody can forge them
        raise EventRefused("unknown_reserved_type")
    if type(data) is dict and default_currency and "currency" not in data:
        data = {**data, "currency": default_currency}
    pointers = [_pointer(error) for error in _validator(name).iter_errors(data)]
    if pointers:
        raise EventRefused("invalid_data", min(pointers, key=lambda pointer: (pointer.count("/"), pointer)) or "/")
    needs_customer = name.startswith("ecrm.touchpoint.") or (name.startswith("ecrm.order.refunded") and "order_id" not in data)
    if needs_customer and not customer and "customer" not in data:
        raise EventRefused("invalid_data", "/customer")


def _pointer(error: Any) -> str:
    """RFC 6901. Only names of the schema and positions can be in it, never a value."""
    path = [str(part).replace("~", "~0").replace("/", "~1") for part in error.instance_path]
    missing = getattr(error.kind, "property", None)
    if type(missing) is str:
        path.append(missing)
    return "".join(f"/{part}" for part in path)
