"""What each metric means: formula, unit, default window and how it can be split."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.analytics.domain import calendars, rules

#: Days after the first view in which an order counts as conversion; days after hand-off in which an order or a refusal is an answer to a message.
CONVERSION_DAYS: Final = 30
RESPONSE_DAYS: Final = 7
#: Days after a case was resolved in which another of the same kind is the same problem; days before a first order in which a message or visit won it.
RETURN_DAYS: Final = 7
WIN_DAYS: Final = 30
TRAILING_DAYS: Final = 365
#: Days after an act of somebody on the staff in which an order is credited to it.
STAFF_DAYS: Final = 30
#: Profit of revenue where no cost of goods is known.
MARGIN: Final = 0.30


class Definition(NamedTuple):
    """One metric. `version` changes with the formula. `lacks`: the reasons for null, without a denominator and without a numerator.

    `how` turns numerator and denominator into the value; `per` divides it (numerators may be hundredths).
    """

    name: str
    version: int
    unit: str
    formula: str
    window: str
    by: tuple[str, ...]
    rows: str = "customers"
    how: str = "share"
    per: int = 1
    lacks: tuple[str, str] = ("no_customers", "no_customers")
    capability: str = ""
    #: Groups (other than months and segments) are shares of the whole: their denominator is that of everybody.
    of_whole: bool = False


def _defined(*given: Definition) -> dict[str, Definition]:
    return {one.name: one for one in given}


_WON: Final = "Won by: the channel of the last message in the 30 days before the first order, else the UTM medium of the last visit in them, else direct."
_MONTHLY: Final = ("month", "segment", "channel")
_TEAMS: Final = ("month", "segment", "channel", "team", "employee")

DEFINITIONS: Final = _defined(
    Definition(
        "cac", 1, "minor units per new customer",
        "sum of the acquire cost booked in the window / customers whose first order lies in it. Per customer: direct cost plus an equal part of the rest "
        "(allocation even; or by responders, touches or revenue), largest remainder, so that the rows sum to the ledger. By channel: cost of the channel / "
        "customers it won. " + _WON,
        "month", _MONTHLY, "customers with their cost, direct and shared; what nobody bears", "mean", lacks=("no_new_customers", "no_costs"), capability="K1",
    ),
    Definition(
        "crc", 1, "minor units per kept customer",
        "sum of the retain cost booked in the window (with serve=true also serve) / customers with an order in the window and in the one before. "
        "Per customer as for cac.",
        "trailing", _MONTHLY, "customers with their cost, direct and shared; what nobody bears", "mean", lacks=("no_kept_customers", "no_costs"), capability="K2",
    ),
    Definition(
        "cost_ratio", 1, "number", "cac / crc over the same window: acquire cost * kept customers / (retain cost * new customers)", "trailing", _MONTHLY,
        "rows of cac and crc", "share", lacks=("no_retention_cost", "no_costs"), capability="K2",
    ),
    Definition(
        "conversion", 1, "share",
        "viewers with an order at most 30 days after their first view in the window / viewers. Viewers are people without an order before that "
        "view; a view is a page or screen event, or Product Viewed, Product List Viewed or Product Clicked. Viewers whose 30 days still run are "
        "counted as open and left out; bots and people who withdrew the purpose analytics do not count. By source: UTM source, else the source of events.",
        "month", ("month", "channel", "source", "segment"), "viewers", lacks=("no_viewers", "no_viewers"), capability="K3",
    ),
    Definition(
        "retention", 1, "share",
        "customers with an order in the equally long window directly before who have an order in the window / all of those customers",
        "trailing", _MONTHLY, lacks=("no_customers_before", "no_customers_before"), capability="K4",
    ),
    Definition("churn", 1, "share", "1 - retention", "trailing", _MONTHLY, how="complement", lacks=("no_customers_before", "no_customers_before"), capability="K4"),
    Definition(
        "same_customer_sales", 1, "signed share",
        "revenue in the window of the customers with an order in the same window one calendar year earlier / their revenue then - 1; those who left stay in "
        "with 0. Under 13 months of orders the window directly before is the basis (basis: previous)",
        "quarter", _MONTHLY, how="growth", lacks=("no_customers_before", "no_customers_before"), capability="K5",
    ),
    Definition(
        "repeat_rate", 1, "share", "customers with at least 2 orders in the window / customers with at least 1 order in the window",
        "trailing", _MONTHLY, capability="K6",
    ),
    Definition(
        "loyalty_index", 1, "points 0-100",
        "mean over everybody with an order of 100*(0.4*recency + 0.3*frequency + 0.3*share): recency = max(0, 1 - days since the last order / (3*gap)), gap = "
        "own median from 3 orders on, else the median of all; frequency = percentile rank of the orders in the window; share = share of customer. Where the "
        "share is unknown: 4/7 and 3/7. Numerators are hundredths of a point.",
        "trailing", _MONTHLY, how="mean", per=100, capability="K6",
    ),
    Definition(
        "loyal_share", 1, "share", "customers with a loyalty index of at least 70, 3 orders ever and a first order at least 365 days ago / customers",
        "trailing", _MONTHLY, capability="K6",
    ),
    Definition(
        "share_of_customer", 1, "share",
        "revenue of customers / what they spend with anybody, over the customers of whom that was declared, imported or estimated; statements count by the "
        "days of the window they cover; above 1 capped and counted",
        "trailing", _MONTHLY, lacks=("no_basis", "no_basis"), capability="K7",
    ),
    Definition(
        "participation", 1, "share",
        "customers active in a programme in the window / customers with an order in the window or the one before. Active: they earned points or took a "
        "reward in one, or an event of theirs names a programme (property programme) or begins with Programme, Reward, Points or Coupon",
        "quarter", _MONTHLY, capability="K7",
    ),
    Definition(
        "csat", 1, "share", "answers 4 and 5 / answers to the 1-5 question on satisfaction; below 30 answers marked few", "quarter_days", _TEAMS, "answers",
        lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "purchase_satisfaction", 1, "share", "csat of the questions purchase and delivery alone", "quarter_days", ("month", "segment", "channel"), "answers",
        lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "nps", 1, "points -100-100", "100 * (share of answers 9 and 10 - share of answers 0 to 6) on the 0-10 question", "quarter_days",
        ("month", "segment", "channel"), "answers", "points", lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "effort", 1, "1-7", "mean answer to the 1-7 question on effort", "quarter_days", ("month", "segment", "channel"), "answers", "mean",
        lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "commitment", 1, "1-5", "mean answer to the items on commitment (questions whose id begins with commitment)", "trailing",
        ("month", "segment", "channel"), "answers", "mean", lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "emotion", 1, "-1-1", "mean of the labels on emotion (questions whose id begins with emotion); numerators are thousandths", "trailing",
        ("month", "segment", "channel"), "answers", "mean", per=1000, lacks=("no_answers", "no_answers"), capability="K9",
    ),
    Definition(
        "cper", 1, "minor units per response",
        "cost booked in the window in channels with messages / effective responses: an order at most 7 days after hand-off, credited to the last "
        "message before it, once per campaign and customer. With a holdout also the cost of an additional response, null unless the 95 % interval of the "
        "lift lies above 0, and the additional profit with its interval. Of a segment: its part of each cost by its part of the messages of that channel and campaign",
        "month", ("month", "segment", "channel", "campaign"), "costs, responses and messages", "mean", lacks=("no_responses", "no_costs"), capability="K11",
    ),
    Definition(
        "unwanted_rate", 1, "share",
        "messages handed over in the window after which the recipient withdrew (on the channel or everywhere) or complained within 7 days, each refusal "
        "credited to the last message before it / messages handed over",
        "month", ("month", "segment", "channel", "campaign"), "messages", lacks=("no_messages", "no_messages"), capability="R5",
    ),
    Definition(
        "return_contacts", 1, "share",
        "cases opened in the window by somebody whose case of the same kind was resolved at most 7 days before (the same problem) / cases opened. Another "
        "kind is a wanted return. By team and employee: who resolved the case before",
        "month", _TEAMS, "cases", lacks=("no_cases", "no_cases"), capability="C13",
    ),
    Definition(
        "time_to_responsible", 1, "seconds", "mean time from the opening of a case to the first person in charge, with p50 and p95; cases that nobody has "
        "yet are open", "month", _TEAMS, "cases", "mean", lacks=("no_cases_assigned", "no_cases_assigned"), capability="C12",
    ),
    Definition(
        "staff_share", 1, "share",
        "net value of the orders that a customer placed at most 30 days after somebody solved a case of theirs or was praised by them (5 of 5), credited to the "
        "last such act / net value of all orders in the window. By team, employee and channel: their part of the whole",
        "trailing", _TEAMS, "orders with the act they are credited to", lacks=("no_orders", "no_orders"), capability="M9", of_whole=True,
    ),
    Definition(
        "profit", 1, "minor units",
        "revenue less cost of goods (revenue * (1 - margin), margin 0.30 unless set) less retain and serve cost of the window; shared costs are split as for "
        "cac, what nobody bears is a row of its own, so that the rows sum to the ledger",
        "trailing", ("month", "segment", "channel"), how="total", capability="A7",
    ),
    Definition(
        "revenue", 1, "minor units",
        "net order value (lines after discount, without tax and shipping) of the orders in the window less refunds and credit notes booked in the "
        "window, in the reporting currency; the denominator counts the orders. By partner: the intermediary it came through, else direct. By channel: " + _WON,
        "month", ("month", "source", "segment", "channel", "partner"), "orders and refunds", "total", lacks=("no_orders", "no_orders"),
    ),
)
#: Metrics made of two others.
RATIOS: Final = {"cost_ratio": ("cac", "crc")}

#: Organisations and the people who belong to one; everybody else.
_BUSINESS: Final = rules.AnyOf(
    tuple(rules.Trait(rules.Compared(name, "eq", "organisation")) for name in ("customer_type", "account.type"))
)
MARKETS: Final[dict[str, rules.Node]] = {"b2b": _BUSINESS, "b2c": rules.Not(_BUSINESS)}
#: By channel, what a channel cost stands against whom it won: costs of a channel belong to no market or segment.
COSTS_BY_CHANNEL: Final = frozenset({"cac", "crc", "cost_ratio"})


def default_window(kind: str, today: date, calendar: str) -> tuple[date, date]:
    """`month`, `quarter`: the last complete one; `trailing`: 365 days, `quarter_days`: 90 days up to and including today."""
    if kind == "month":
        return calendars.month_start(today, calendar, shift=-1), calendars.month_start(today, calendar)
    if kind == "quarter":
        month = calendars.month_start(today, calendar)
        past = (calendars.month_number(month, calendar) - 1) % 3
        return calendars.month_start(month, calendar, shift=-past - 3), calendars.month_start(month, calendar, shift=-past)
    days = TRAILING_DAYS if kind == "trailing" else 90
    return today - timedelta(days=days - 1), today + timedelta(days=1)


def reason_for_null(name: str, numerator: int | None, denominator: int) -> str | None:
    """Why a figure is null; None when it is not."""
    lacks = DEFINITIONS[name].lacks
    if denominator == 0:
        return lacks[0]
    return lacks[1] if numerator is None else None


def value_of(name: str, numerator: int | None, denominator: int) -> float | None:
    """The figure, or null: never 0 for want of data."""
    if reason_for_null(name, numerator, denominator) is not None or numerator is None:
        return None
    definition = DEFINITIONS[name]
    if definition.how == "total":
        return float(numerator)
    share = numerator / denominator
    return {"complement": 1 - share, "growth": share - 1, "points": 100 * share}.get(definition.how, share / definition.per)


def slope(values: list[float | None]) -> float | None:
    """Change a month of the least-squares line through the months that have a value; None below two."""
    points = [(number, value) for number, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return None
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """(difference of two shares, given as count and whole, with its 95 % interval)."""
    p, q = one[0] / one[1], other[0] / other[1]
    half = 1.959964 * math.sqrt(p * (1 - p) / one[1] + q * (1 - q) / other[1])
    return p - q, p - q - half, p - q + half
