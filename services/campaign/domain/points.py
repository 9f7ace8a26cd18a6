"""Points: what an order earns, which lots a redemption takes, and the entries of each transaction, which always sum to zero.

Accounts: `member` (what a customer may spend), `owed` (what a refund took back after it was spent; later earnings repay it),
`issued`, `redeemed` and `expired` (the other side of the books). A customer's balance is the sum of its `member` entries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

CUSTOMERS: Final = frozenset({"member", "owed"})


class EarnRule(NamedTuple):
    """`points` for every full `per_minor` of an order's worth in `currency`; with a category or product only of such lines."""

    points: int
    per_minor: int
    currency: str
    category: str | None = None
    product_id: str | None = None
    least_minor: int = 0


class Tier(NamedTuple):
    """A tier from so many points earned in the tier's period; what is earned in it counts `factor` times."""

    name: str
    from_points: int
    factor: float = 1.0


class Line(NamedTuple):
    product_id: str
    category: str | None
    amount_minor: int


class Worth(NamedTuple):
    """What counts of an order: lines and their sum in minor units, after discounts, without tax and shipping; what was refunded of it."""

    currency: str
    net_minor: int
    refunded_minor: int
    lines: Sequence[Line] = ()
    stands: bool = True


class Lot(NamedTuple):
    """Points that were earned together and expire together; `customer_id` is whose account they are in."""

    id: UUID
    customer_id: UUID
    remaining: int
    expires_at: datetime | None
    order_id: str | None = None


class Entry(NamedTuple):
    """One line of the books."""

    account: str
    customer_id: UUID
    points: int


class Taken(NamedTuple):
    """Which lots give how much, and what could not be found in any."""

    uses: list[tuple[Lot, int]]
    missing: int


def earned(worth: Worth, rules: Iterable[EarnRule], *, factor: float = 1.0) -> int:
    """The points an order deserves as it stands now: whole ones, rounded down; a refund takes its share from every line. Cancelled: 0."""
    kept = worth.net_minor - worth.refunded_minor
    if not worth.stands or kept <= 0 or worth.net_minor <= 0:
        return 0
    total = 0
    for rule in rules:
        if rule.currency != worth.currency or worth.net_minor < rule.least_minor:
            continue
        whole = rule.category is None and rule.product_id is None
        base = worth.net_minor if whole else sum(line.amount_minor for line in worth.lines if _counts(line, rule))
        total += base * kept // worth.net_minor // rule.per_minor * rule.points
    return int(total * factor)


def _counts(line: Line, rule: EarnRule) -> bool:
    return (rule.category is None or line.category == rule.category) and (rule.product_id is None or line.product_id == rule.product_id)


def take(lots: Iterable[Lot], points: int, *, first_of: str | None = None, at: datetime | None = None) -> Taken:
    """Take points from lots, those of the order `first_of` first, then the ones that expire soonest; with `at` never from expired ones."""
    usable = [lot for lot in lots if lot.remaining > 0 and (at is None or lot.expires_at is None or lot.expires_at > at)]
    usable.sort(key=lambda lot: (lot.order_id != first_of or first_of is None, lot.expires_at.timestamp() if lot.expires_at else math.inf, lot.id))
    uses, missing = [], points
    for lot in usable:
        if missing == 0:
            break
        part = min(lot.remaining, missing)
        uses.append((lot, part))
        missing -= part
    return Taken(uses, missing)


def repay(points: int, owed: Mapping[UUID, int]) -> dict[UUID, int]:
    """How much of the points goes to which account's debt, in the order given."""
    repaid: dict[UUID, int] = {}
    for owner, debt in owed.items():
        part = min(debt, points - sum(repaid.values()))
        if part > 0:
            repaid[owner] = part
    return repaid


def earn_entries(customer_id: UUID, points: int, *, repaid: Mapping[UUID, int]) -> list[Entry]:
    """Points come in: what repays debts never becomes spendable."""
    debts = [Entry("owed", owner, part) for owner, part in repaid.items()]
    return _without_zero([Entry("issued", customer_id, -points), *debts, Entry("member", customer_id, points - sum(repaid.values()))])


def spend_entries(customer_id: UUID, to: str, uses: Iterable[tuple[Lot, int]], *, missing: int = 0) -> list[Entry]:
    """Points go out of the lots' accounts to `to`; what was missing is owed by `customer_id`."""
    by_account: dict[UUID, int] = {}
    for lot, points in uses:
        by_account[lot.customer_id] = by_account.get(lot.customer_id, 0) + points
    taken = sum(by_account.values())
    entries = [Entry("member", owner, -points) for owner, points in sorted(by_account.items())]
    return _without_zero([*entries, Entry("owed", customer_id, -missing), Entry(to, customer_id, taken + missing)])


def restore_entries(customer_id: UUID, back: Mapping[UUID, int], *, repaid: Mapping[UUID, int]) -> list[Entry]:
    """A cancelled redemption: `back` gives each account its points again, less what repays debts."""
    total = sum(back.values()) + sum(repaid.values())
    given = [Entry("member", owner, points) for owner, points in sorted(back.items())]
    debts = [Entry("owed", owner, part) for owner, part in repaid.items()]
    return _without_zero([Entry("redeemed", customer_id, -total), *debts, *given])


def _without_zero(entries: Iterable[Entry]) -> list[Entry]:
    kept = [entry for entry in entries if entry.points]
    if sum(entry.points for entry in kept) != 0:
        raise ArithmeticError("entries do not balance")
    return kept


def tier_of(tiers: Iterable[Tier], points: int) -> Tier | None:
    """The highest tier that so many points reach, or None below the lowest."""
    reached = [tier for tier in tiers if points >= tier.from_points]
    return max(reached, key=lambda tier: tier.from_points, default=None)
