"""An order before and after a change -> what is told about it."""

from __future__ import annotations

from typing import Any, Final

from contracts.interaction import OrderFields, OrderPlaced, OrderRefunded, OrderUpdated
from services.interaction.domain.orders import Order, Refund


def facts(before: Order | None, after: Order, *, version: int) -> list[OrderFields]:
    """Placed when it is complete for the first time, refunded for each new refund, updated for any other visible change.

    A shell tells nothing; its refunds are told when the order is filled.
    """
    if not after.placed:
        return []
    told: list[OrderFields] = []
    fields = _fields(after, version)
    known: dict[str, Refund] = {}
    if before is None or not before.placed:
        told.append(OrderPlaced(**fields))
    else:
        known = {refund.refund_id: refund for refund in before.refunds}
        if _without_refunds(before) != _without_refunds(after):
            told.append(_updated(before, after, fields))
    for refund in after.refunds:
        earlier = known.get(refund.refund_id)
        if earlier is None or earlier.amount_minor != refund.amount_minor:
            told.append(
                OrderRefunded(
                    **fields, refund_id=refund.refund_id, refund_minor=refund.amount_minor, refunded_at=refund.refunded_at
                )
            )
    if not told and before is not None and before != after:
        told.append(_updated(before, after, fields))
    return told


def _updated(before: Order, after: Order, fields: dict[str, Any]) -> OrderUpdated:
    """With the names of what changed, and the promise that no longer holds."""
    changed = sorted(
        name for name in Order.__struct_fields__ if name not in _DERIVED and getattr(before, name) != getattr(after, name)
    )
    moved = before.promised_on if before.promised_on != after.promised_on else None
    return OrderUpdated(**fields, changed=changed, promised_before=moved)


_DERIVED: Final = frozenset({"identity", "source", "notes", "placed"})


def _fields(order: Order, version: int) -> dict[str, Any]:
    assert order.ordered_at is not None
    return {
        "order_id": order.order_id,
        "identity": order.identity,
        "source": order.source,
        "status": order.status,
        "currency": order.currency,
        "ordered_at": order.ordered_at,
        "paid_minor": order.paid_minor,
        "net_minor": order.net_minor,
        "shipping_minor": order.shipping_minor,
        "tax_minor": order.tax_minor,
        "discount_minor": order.discount_minor,
        "refunded_minor": order.refunded_minor,
        "coupon": order.coupon,
        "affiliation": order.affiliation,
        "partner_id": order.partner_id,
        "employee_id": order.employee_id,
        "shipped_at": order.shipped_at,
        "promised_on": order.promised_on,
        "delivered_at": order.delivered_at,
        "version": version,
        "lines": order.lines,
    }


def _without_refunds(order: Order) -> tuple[Any, ...]:
    fields = _fields(order, 0) if order.placed else {}
    hidden = {"refunded_minor", "lines", "status"}
    status = order.status == "cancelled"
    return (*(value for name, value in fields.items() if name not in hidden), status, tuple(order.lines))
