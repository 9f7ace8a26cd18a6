"""A budget spread over tiers and customers by what they are worth: never a minor unit above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID


class Customer(NamedTuple):
    """`value`: expected profit of a customer in minor units (their LCV); nobody is given more than `value` times the share that may be spent."""

    customer_id: UUID
    tier: str
    value: int


class Share(NamedTuple):
    customer_id: UUID
    tier: str
    value: int
    amount: int


def allocate(customers: Sequence[Customer], *, budget: int, weights: Mapping[str, float], most_of_value: float) -> list[Share]:
    """The budget in proportion to value times the tier's weight, nobody above `most_of_value` of their value; what such caps set free goes to the
    others in turn. Largest remainders, so that the sum is exact: the budget, or less where the caps bind for all. Minor units.
    """
    caps = {one.customer_id: int(one.value * most_of_value) for one in customers}
    worth = {one.customer_id: max(0, one.value) * weights.get(one.tier, 0.0) for one in customers}
    amounts = dict.fromkeys(worth, 0)
    open_ = {one for one, value in worth.items() if value > 0 and caps[one] > 0}
    left = budget
    while left > 0 and open_:
        total = sum(worth[one] for one in open_)
        exact = {one: left * worth[one] / total for one in open_}
        full = {one for one in open_ if amounts[one] + exact[one] >= caps[one]}
        if full:
            for one in full:
                left -= caps[one] - amounts[one]
                amounts[one] = caps[one]
            open_ -= full
            if left < 0:  # floats rounded up: take it back from the last
                amounts[max(full)] += left
                left = 0
            continue
        whole = {one: int(value) for one, value in exact.items()}
        rest = left - sum(whole.values())
        for one in sorted(open_, key=lambda each: (whole[each] - exact[each], each)):
            extra = 1 if rest > 0 else 0
            amounts[one] += whole[one] + extra
            rest -= extra
        left = 0
    return [Share(one.customer_id, one.tier, one.value, amounts[one.customer_id]) for one in customers]
