"""How long events are kept: by kind, from the day they were received."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

#: Every kind without a rule of its own.
OTHERS: Final = "*"
#: How many months are made before they begin.
AHEAD: Final = 3
#: The part of a month is dropped this long after its last event expired.
SLACK: Final = timedelta(days=3)


class Rule(NamedTuple):
    """`days` None: kept for good."""

    kind: str
    days: int | None
    swept_until: datetime | None = None


def months_ahead(today: date, ahead: int = AHEAD) -> list[date]:
    """The first days of this month and the next ones."""
    number = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(number, number + ahead + 1)]


def before(rule: Rule, now: datetime) -> datetime | None:
    """Events received before are no longer kept; None: all are."""
    return None if rule.days is None else now - timedelta(days=rule.days)


def since(rule: Rule, until: datetime) -> datetime | None:
    """From where to look: behind the last sweep, and once a month at everything, since an old event that is replayed is stored as old."""
    swept = rule.swept_until
    return swept if swept is not None and (swept.year, swept.month) == (until.year, until.month) else None


def droppable(months: Iterable[str], rules: Iterable[Rule], now: datetime) -> list[str]:
    """The parts in which nothing may be left: their last event expired by the rule that keeps longest."""
    days = [rule.days for rule in rules]
    if not days or None in days:
        return []
    longest = max(each for each in days if each is not None)
    found = []
    for name in months:
        begin = date(int(name[-6:-2]), int(name[-2:]), 1)
        end = datetime(begin.year + begin.month // 12, begin.month % 12 + 1, 1, tzinfo=UTC)
        if end + timedelta(days=longest) + SLACK < now:
            found.append(name)
    return found
