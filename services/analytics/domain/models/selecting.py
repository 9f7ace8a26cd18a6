"""Whom to contact with what under a budget, for the highest expected incremental value; doing nothing is always among the acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

NOTHING: Final = "nothing"


class Act(NamedTuple):
    """Something that can be done with a customer. `value`: expected incremental profit in minor units before `cost`."""

    name: str
    value: float
    cost: int

    @property
    def net(self) -> float:
        return self.value - self.cost


class Choice(NamedTuple):
    """A chosen customer with the act, its net value, and what else could have been done, the best first."""

    customer: str
    act: Act
    others: tuple[Act, ...]


class Step(NamedTuple):
    """From one act of a customer to a dearer and better one."""

    worth: float
    customer: str
    after: Act
    extra: int


def best(acts: Sequence[Act]) -> list[Act]:
    """All acts and doing nothing, the highest net value first."""
    return sorted([*acts, Act(NOTHING, 0.0, 0)], key=lambda act: (-act.net, act.cost, act.name))


def choose(customers: Iterable[tuple[str, Sequence[Act]]], *, budget: int, capacity: int | None = None) -> list[Choice]:
    """The choices, the highest net value first; their costs are never above the budget, their number never above the capacity.

    The greedy rule of the knapsack with alternatives (Sinha and Zoltners 1979): of each customer only acts on the upper hull of value over cost
    count, and the steps along all hulls are taken by value per cost. It misses the optimum by less than one step. Acts that are worth no
    more than they cost are never chosen.
    """
    known: dict[str, Sequence[Act]] = dict(customers)
    steps: list[Step] = []
    for customer, acts in known.items():
        steps += _hull(customer, acts)
    steps.sort(key=lambda step: (-step.worth, -step.after.net, step.customer))
    chosen: dict[str, Act] = {}
    spent = 0
    for step in steps:
        if spent + step.extra > budget or (capacity is not None and step.customer not in chosen and len(chosen) >= capacity):
            continue
        if chosen.get(step.customer, Act(NOTHING, 0.0, 0)).cost + step.extra != step.after.cost:
            continue  # a cheaper step of this customer did not fit
        chosen[step.customer] = step.after
        spent += step.extra
    picked = [Choice(customer, act, tuple(one for one in best(known[customer]) if one != act)) for customer, act in chosen.items()]
    return sorted(picked, key=lambda choice: (-choice.act.net, choice.customer))


def _hull(customer: str, acts: Sequence[Act]) -> list[Step]:
    """The steps of one customer, each worth less for its cost than the one before."""
    useful = sorted((act for act in acts if act.net > 0), key=lambda act: (act.cost, -act.value))
    path: list[Act] = [Act(NOTHING, 0.0, 0)]
    for act in useful:
        if act.net <= path[-1].net:
            continue
        if act.cost == path[-1].cost:
            path[-1] = act
            continue
        while len(path) > 1 and _worth(path[-1], act) >= _worth(path[-2], path[-1]):
            path.pop()
        path.append(act)
    return [Step(_worth(before, after), customer, after, after.cost - before.cost) for before, after in pairwise(path)]


def _worth(before: Act, after: Act) -> float:
    """Net value for each minor unit of cost; what costs nothing comes first."""
    extra = after.cost - before.cost
    return (after.net - before.net) / extra if extra else float("inf")


def acts_of(row: dict[str, Any], offers: list[dict[str, Any]], basis: str) -> list[Act]:
    """What can be done with a customer: lift (or, where asked for, the chance) times the profit of an answer, for each offer."""
    found = []
    change = row["lift"] if basis == "uplift" else row["chance"]
    if change is None:
        return []
    for offer in offers:
        value = offer.get("answer_value_minor")
        if value is None:
            if row["order_value"] is None or row["margin"] is None:
                continue
            value = float(row["order_value"]) * float(row["margin"])
        found.append(Act(offer["name"], float(change) * float(value) * offer.get("effect", 1.0), int(offer["cost_minor"])))
    return found
