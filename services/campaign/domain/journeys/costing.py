"""What messages would have cost: by the prices that were given, else by what campaigns were booked to cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def price(messages: Iterable[tuple[str, int]], *, given: Mapping[str, Any] | None, booked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The cost of (channel, messages), in minor units, with where each price comes from (`given` or `booked`).

    `given`: {currency, per_1000_minor: {channel: minor units}}; `booked`: rows of channel, currency, amount_minor and the messages it was
    for. Channels without a price are in `unknown`: they are not free. `total` by currency.
    """
    counts: Counter[str] = Counter()
    for channel, count in messages:
        counts[channel] += count
    by_channel, unknown, total = {}, [], Counter[str]()
    for channel, count in sorted(counts.items()):
        found = _price(channel, given, booked)
        if found is None:
            unknown.append(channel)
            continue
        currency, amount, per, basis = found
        cost = (2 * amount * count + per) // (2 * per)
        by_channel[channel] = {
            "messages": count, "cost_minor": cost, "currency": currency, "per_1000_minor": (2000 * amount + per) // (2 * per), "basis": basis,
        }
        total[currency] += cost
    return {"by_channel": by_channel, "total_minor": dict(sorted(total.items())), "unknown": unknown}


def _price(channel: str, given: Mapping[str, Any] | None, booked: Sequence[Mapping[str, Any]]) -> tuple[str, int, int, str] | None:
    """(currency, minor units, for so many messages, basis)."""
    if given is not None and channel in given["per_1000_minor"]:
        return str(given["currency"]), int(given["per_1000_minor"][channel]), 1000, "given"
    row = next((each for each in booked if each["channel"] == channel and each["messages"]), None)
    return None if row is None else (str(row["currency"]), int(row["amount_minor"]), int(row["messages"]), "booked")
