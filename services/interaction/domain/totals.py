"""What a customer bought, by currency; and the same in a home currency, where somebody said what the others were worth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final, NamedTuple

from contracts.money import exponent

AMOUNTS: Final = ("paid_minor", "net_minor", "shipping_minor", "tax_minor", "discount_minor", "refunded_minor", "credited_minor")
COUNTS: Final = ("orders", "cancelled", "credits")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Rate(NamedTuple):
    """From `day` on one unit of the currency is worth `rate` units of the home currency, says `source`."""

    day: date
    rate: Decimal
    source: str


def by_currency(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sums of each currency, in the order of their codes: amounts of two currencies are never added. `kept_minor` is what stayed with us."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        total = found.setdefault(row["currency"], {"currency": row["currency"], **dict.fromkeys((*COUNTS, *AMOUNTS), 0)})
        for name in (*COUNTS, *AMOUNTS):
            total[name] += int(row[name])
    for total in found.values():
        total["kept_minor"] = kept(total)
    return [found[currency] for currency in sorted(found)]


def kept(row: Mapping[str, Any]) -> int:
    """Paid without what was given back."""
    return int(row["paid_minor"]) - int(row["refunded_minor"]) - int(row["credited_minor"])


def at_home(rows: Iterable[Mapping[str, Any]], home: str, rates: Mapping[str, list[Rate]]) -> dict[str, Any]:
    """What was kept, in the home currency: each day's amount by the rate of that day or the last one before it.

    `rates` are in the order of their days. `without_rate` are amounts nobody told a rate for: they are not in the sum.
    """
    total, used, without = 0, dict[tuple[str, date], dict[str, Any]](), dict[str, int]()
    for row in rows:
        currency, amount = row["currency"], kept(row)
        if currency == home:
            total += amount
            continue
        rate = rate_on(rates.get(currency, []), row["day"])
        if rate is None:
            without[currency] = without.get(currency, 0) + amount
            continue
        total += converted(amount, currency, home, rate.rate)
        used[currency, rate.day] = {"currency": currency, "day": rate.day, "rate": str(rate.rate), "source": rate.source}
    return {
        "currency": home, "kept_minor": total, "rates": [used[key] for key in sorted(used)],
        "without_rate": [{"currency": currency, "kept_minor": without[currency]} for currency in sorted(without)],
    }


def rate_on(rates: list[Rate], day: date) -> Rate | None:
    """The rate of a day: the last one told for it or a day before."""
    place = bisect_right(rates, day, key=lambda rate: rate.day)
    return rates[place - 1] if place else None


def converted(amount: int, currency: str, home: str, rate: Decimal) -> int:
    """Minor units of `currency` in those of `home`, half-even."""
    places = exponent(home) - exponent(currency)
    return int(_EXACT.to_integral_value(_EXACT.scaleb(_EXACT.multiply(Decimal(amount), rate), places)))
