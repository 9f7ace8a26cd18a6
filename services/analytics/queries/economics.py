"""The economics of one customer: what it cost and brought, beside everybody and its segments, and the tier with its reason."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import metrics
from services.analytics.queries import measuring, modelling, scoring
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, economics, evaluating, measures, metric_sql
from services.analytics.store.measures import Ask

#: The figures that are also those of one customer, in this order.
NAMES: Final = ("cac", "crc", "same_customer_sales", "share_of_customer", "profit", "revenue")
ENTRIES: Final = 200
#: Beside so many segments of the customer the profit is shown.
SEGMENTS: Final = 10


async def get_economics(service: AnalyticsService, *, customer_id: UUID, wish: measuring.Wish) -> dict[str, Any]:
    """Acquisition and retention cost, sales against the year before, share, profit, value ahead, satisfaction, tier. Raises Unknown, Invalid."""
    answering = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id))
    if answering is None:
        raise errors.unknown_customer()
    asked = await measuring.read_wish(service, "profit", wish)
    carried = await scoring.get_scores(service, customer_id=answering)
    known = {str(one["segment_id"]): one["name"] for one in carried["segments"][:SEGMENTS]}
    nodes = await _rules(service, known)

    def look(connection: Any) -> dict[str, Any]:
        ask, window = asked.ask._replace(scoped=False), asked.ask.window  # the customer's own figures are not narrowed, those of everybody are
        own, shared = economics.entries(connection, customer=str(answering), first=window.first, last=window.last, currency=ask.currency, limit=ENTRIES)
        mean, answers = economics.satisfaction(connection, customer=str(answering), as_of=measures.naive(ask.as_of))
        return {
            "figures": [_figure(name, measures.of_customer(connection, name, ask, customer=str(answering))) for name in NAMES],
            "profit": _profit(connection, asked, known, nodes), "costs": {"own": own, "shared": shared},
            "satisfaction": {"value": mean, "answers": answers, "scale": "0-1", "half_life_days": economics.HALF_LIFE_DAYS},
        }

    found = await service.resources.read(look)
    scores = {one["score"]: one for one in carried["data"]}
    tier = scores.get("tier")
    return {
        "customer_id": answering, "window": {"from": asked.ask.window.first, "to": asked.ask.window.last}, "currency": asked.ask.currency,
        "allocation": wish.allocation, "as_of": asked.ask.as_of, "data_age_s": measuring.data_age(service), "stage": carried["stage"], **found,
        "lifetime": scores["lifetime"]["parts"] if "lifetime" in scores else None,
        "tier": None if tier is None else {
            "value": tier["value"], "since": tier["changed_at"], "parts": tier["parts"], "rule": (await modelling.get_rules(service, kind="tier"))["meaning"],
        },
    }


async def _rules(service: AnalyticsService, known: dict[str, str]) -> dict[str, Any]:
    async with service.read() as db:
        active = await definitions.active_segments(db)
    return {str(one["segment_id"]): measuring.rule_of(one, active) for one in active if str(one["segment_id"]) in known}


def _figure(name: str, found: measures.Figure | None) -> dict[str, Any]:
    definition = metrics.DEFINITIONS[name]
    about = {"metric": name, "capability": definition.capability, "formula": definition.formula, "definition_version": definition.version}
    if found is None:
        return about | {"value": None, "numerator": None, "denominator": 0, "note": None, "reason": "the customer has no part in this figure of the window"}
    value = metrics.value_of(name, found.numerator, found.denominator)
    return about | {
        "value": float(found.numerator) if definition.how == "total" and found.numerator is not None else value, "numerator": found.numerator,
        "denominator": found.denominator, "note": found.group, "reason": metrics.reason_for_null(name, found.numerator, found.denominator),
    }


def _profit(connection: Any, asked: measuring.Asked, known: dict[str, str], nodes: dict[str, Any]) -> dict[str, Any]:
    """The mean profit of everybody with an order and of the members of the customer's segments."""

    def mean(ask: Ask) -> dict[str, Any]:
        rows = measures.figures(connection, "profit", ask._replace(by=None))
        one = rows[0] if rows else None
        borne = measures.of_kind(connection, "profit", ask, kind="customer")
        count = one.denominator if one else 0
        return {"customers": count, "sum_minor": borne, "mean_minor": borne / count if count else None}

    if asked.limit is not None:
        metric_sql.limit_to(connection, asked.limit, now=asked.ask.as_of, currency=asked.ask.currency, zone=asked.zone)
    everybody = mean(asked.ask)
    beside = []
    for segment_id, node in nodes.items():
        metric_sql.limit_to(connection, node, now=asked.ask.as_of, currency=asked.ask.currency, zone=asked.zone)
        beside.append({"segment_id": segment_id, "name": known[segment_id], **mean(asked.ask._replace(scoped=True))})
    return {"everybody": everybody, "segments": beside}

