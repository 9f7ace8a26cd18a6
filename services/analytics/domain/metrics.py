"""What each metric means: formula, unit, default window and how it can be split."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from services.analytics.domain import calendars, rules

#: Days after the first view in which an order counts as conversion; days after hand-off in which an order counts as response.
CONVERSION_DAYS: Final = 30
RESPONSE_DAYS: Final = 7
TRAILING_DAYS: Final = 365


class Definition(NamedTuple):
    """One metric. `version` changes with the formula."""

    name: str
    version: int
    unit: str
    formula: str
    window: str
    by: tuple[str, ...]


DEFINITIONS: Final = {
    one.name: one
    for one in (
        Definition(
            "conversion", 1, "share",
            "viewers with an order at most 30 days after their first view in the window / viewers. Viewers are people without an order before that "
            "view; a view is a page or screen event, or Product Viewed, Product List Viewed or Product Clicked. Viewers whose 30 days still run are "
            "counted as open and left out; bots and people who withdrew the purpose analytics do not count.",
            "month", ("month", "channel", "source", "segment"),
        ),
        Definition(
            "retention", 1, "share",
            "customers with an order in the equally long window directly before who have an order in the window / all of those customers",
            "trailing", ("month", "segment"),
        ),
        Definition("churn", 1, "share", "1 - retention", "trailing", ("month", "segment")),
        Definition(
            "repeat_rate", 1, "share", "customers with at least 2 orders in the window / customers with at least 1 order in the window",
            "trailing", ("month", "segment"),
        ),
        Definition(
            "revenue", 1, "minor units",
            "net order value (lines after discount, without tax and shipping) of the orders in the window less refunds and credit notes booked in the "
            "window, in the reporting currency; the denominator counts the orders",
            "month", ("month", "source", "segment"),
        ),
        Definition(
            "cper", 1, "minor units per response",
            "cost booked in the window in channels with messages / effective responses: an order at most 7 days after hand-off, credited to the last "
            "message before it, once per campaign and customer",
            "month", ("month", "channel", "campaign"),
        ),
    )
}


#: Organisations and the people who belong to one; everybody else.
_BUSINESS: Final = rules.AnyOf(
    tuple(rules.Trait(rules.Compared(name, "eq", "organisation")) for name in ("customer_type", "account.type"))
)
MARKETS: Final[dict[str, rules.Node]] = {"b2b": _BUSINESS, "b2c": rules.Not(_BUSINESS)}
#: Costs are booked for campaigns and channels, not for markets.
OF_NO_MARKET: Final = frozenset({"cper"})


def default_window(kind: str, today: date, calendar: str) -> tuple[date, date]:
    """`month`: the last complete month; `trailing`: 365 days up to and including today."""
    if kind == "month":
        return calendars.month_start(today, calendar, shift=-1), calendars.month_start(today, calendar)
    return today - timedelta(days=TRAILING_DAYS - 1), today + timedelta(days=1)


def reason_for_null(name: str, numerator: int | None, denominator: int) -> str | None:
    """Why a figure is null; None when it is not."""
    if denominator == 0:
        return {
            "conversion": "no_viewers", "retention": "no_customers_before", "churn": "no_customers_before", "repeat_rate": "no_customers",
            "cper": "no_responses", "revenue": "no_orders",
        }[name]
    return "no_costs" if numerator is None else None


def value_of(name: str, numerator: int | None, denominator: int) -> float | None:
    """The figure, or null: never 0 for want of data."""
    if reason_for_null(name, numerator, denominator) is not None or numerator is None:
        return None
    if name == "revenue":
        return float(numerator)
    share = numerator / denominator
    return 1 - share if name == "churn" else share
