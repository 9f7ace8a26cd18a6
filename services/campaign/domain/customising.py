"""Products made for one customer: options and their choices, what fits together, what it costs, what to propose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.money import exponent
from services.campaign.domain.eligibility import refuse_reserved
from services.campaign.domain.programmes import Currency, Stage, Strict, Word

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Minor = Annotated[int, Field(ge=-(10**12), le=10**12)]
#: `option:choice`.
Pair = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}:[a-z][a-z0-9_.-]{0,63}$")]
#: So many people of a kind must have chosen alike before it is proposed because of them.
ENOUGH: Final = 2
#: Looks for a combination that fits; more are no fit.
MOST_LOOKS: Final = 20_000


class Choice(Strict):
    """One way to make it. `requires`, `excludes`: other choices; `tiers`, `stages`: whom it is reserved for."""

    key: Word
    name: Text
    surcharge_minor: Minor = 0
    requires: Annotated[list[Pair], Field(max_length=20)] = []
    excludes: Annotated[list[Pair], Field(max_length=20)] = []
    tiers: Annotated[list[Word], Field(max_length=20)] = []
    stages: Annotated[list[Stage], Field(max_length=3)] = []


class Option(Strict):
    """What can be chosen; `default`: one of its choices."""

    key: Word
    name: Text
    choices: Annotated[list[Choice], Field(min_length=1, max_length=50)]
    default: Word | None = None


class Configurable(Strict):
    """A product with options. `tier_discounts`: tier -> per cent off the whole; who holds several gets the best."""

    product_id: Text
    name: Text
    category: Annotated[str, StringConstraints(max_length=200)] | None = None
    currency: Currency
    base_minor: Annotated[int, Field(ge=0, le=10**12)]
    options: Annotated[list[Option], Field(min_length=1, max_length=20)]
    tier_discounts: Annotated[dict[Word, Annotated[int, Field(ge=0, le=90)]], Field(max_length=20)] = {}

    @model_validator(mode="after")
    def _whole(self) -> Configurable:
        if len({option.key for option in self.options}) != len(self.options):
            raise ValueError("each option has a key of its own")
        for option in self.options:
            keys = [choice.key for choice in option.choices]
            if len(set(keys)) != len(keys):
                raise ValueError(f"each choice of {option.key} has a key of its own")
            if option.default is not None and option.default not in keys:
                raise ValueError(f"the default of {option.key} is one of its choices")
        known = {f"{option.key}:{choice.key}" for option in self.options for choice in option.choices}
        for option in self.options:
            for choice in option.choices:
                if missing := [pair for pair in (*choice.requires, *choice.excludes) if pair not in known]:
                    raise ValueError(f"{option.key}:{choice.key} names {missing[0]}, which is not there")
        return self


class Product(NamedTuple):
    """A configurable product as it is kept."""

    id: UUID
    settings: Configurable
    active: bool
    created_at: datetime
    updated_at: datetime


class Customised(NamedTuple):
    """What a customer chose. `price`: (what, minor units) of one; `state`: chosen, ordering, ordered, refused or dropped."""

    id: UUID
    custom_product_id: UUID
    customer_id: UUID
    choices: dict[str, str]
    price: list[list[Any]]
    quantity: int
    total_minor: int
    currency: str
    state: str
    reason: str | None
    order_id: str | None
    created_at: datetime
    ordered_at: datetime | None


class Standing(NamedTuple):
    """What somebody may have by who they are."""

    tiers: frozenset[str]
    stage: str


class Priced(NamedTuple):
    """`lines`: (what, minor units), which sum to `unit_minor`, the price of one."""

    lines: list[tuple[str, int]]
    unit_minor: int


class Proposed(NamedTuple):
    """What is proposed for an option, and why: own, alike, popular, default, first, or fits (what was preferred does not go with the rest)."""

    option: str
    choice: str
    why: str
    people: int


class Fault(NamedTuple):
    """What is wrong with a combination."""

    pointer: str
    reason: str
    words: str


#: option -> choice -> how many people chose it.
Counts = Mapping[str, Mapping[str, int]]


def faults(product: Configurable, choices: Mapping[str, str], standing: Standing) -> list[Fault]:
    """Everything that stands against a combination; empty: it can be made for this person."""
    options = {option.key: option for option in product.options}
    found = [Fault(f"/choices/{key}", "unknown_option", f"There is no option {key}.") for key in choices if key not in options]
    picked = {f"{key}:{choice}" for key, choice in choices.items()}
    for option in product.options:
        pointer = f"/choices/{option.key}"
        if option.key not in choices:
            found.append(Fault(pointer, "missing", f"Nothing is chosen for {option.key}."))
            continue
        choice = next((each for each in option.choices if each.key == choices[option.key]), None)
        if choice is None:
            found.append(Fault(pointer, "unknown_choice", f"{option.key} cannot be {choices[option.key]}."))
            continue
        refused = refuse_reserved(tiers=choice.tiers, stages=choice.stages, held_tiers=standing.tiers, stage=standing.stage)
        if refused is not None:
            found.append(Fault(pointer, "reserved", refused.words))
        found += [Fault(pointer, "requires", f"{choice.key} goes only with {pair}.") for pair in choice.requires if pair not in picked]
        found += [Fault(pointer, "excludes", f"{choice.key} does not go with {pair}.") for pair in choice.excludes if pair in picked]
    return found


def price(product: Configurable, choices: Mapping[str, str], standing: Standing) -> Priced:
    """The price of one, with how it came about; never below nothing. The choices are without faults."""
    lines = [("base", product.base_minor)]
    for option in product.options:
        choice = next(each for each in option.choices if each.key == choices[option.key])
        if choice.surcharge_minor:
            lines.append((f"{option.key}:{choice.key}", choice.surcharge_minor))
    before = max(0, sum(amount for _, amount in lines))
    if before != sum(amount for _, amount in lines):
        lines.append(("least", before - sum(amount for _, amount in lines)))
    held = {tier: percent for tier, percent in product.tier_discounts.items() if tier in standing.tiers and percent}
    if held:
        tier = max(sorted(held), key=lambda one: held[one])
        lines.append((f"tier:{tier}", -((before * held[tier] + 50) // 100)))
    return Priced(lines, sum(amount for _, amount in lines))


def propose(
    product: Configurable, standing: Standing, *, own: Mapping[str, str], alike: Counts, everybody: Counts
) -> list[Proposed] | None:
    """A combination for one person: what they chose before, else what most of their kind, else what most people chose, else the default.

    None: no combination goes together for them.
    """
    wishes = [_wishes(option, own, alike, everybody) for option in product.options]
    for looks, combination in enumerate(_combinations(wishes)):
        if looks >= MOST_LOOKS:
            return None
        chosen = {each.option: each.choice for each in combination}
        if not faults(product, chosen, standing):
            return [
                each if each is wishes[number][0] else each._replace(why="fits", people=0) for number, each in enumerate(combination)
            ]
    return None


def _wishes(option: Option, own: Mapping[str, str], alike: Counts, everybody: Counts) -> list[Proposed]:
    """The choices of an option in the order of preference."""
    def rank(key: str) -> Proposed:
        if own.get(option.key) == key:
            return Proposed(option.key, key, "own", 1)
        for why, counts in (("alike", alike), ("popular", everybody)):
            count = counts.get(option.key, {}).get(key, 0)
            if count >= ENOUGH and count == max(counts[option.key].values()):
                return Proposed(option.key, key, why, count)
        return Proposed(option.key, key, "default" if option.default == key else "first", 0)

    order = ("own", "alike", "popular", "default", "first")
    return sorted((rank(choice.key) for choice in option.choices), key=lambda each: order.index(each.why))


def _combinations(wishes: Sequence[Sequence[Proposed]]) -> Iterator[list[Proposed]]:
    """All combinations, those nearest to the wishes first: as few options as possible step back from what is preferred."""
    yield [each[0] for each in wishes]
    for number, each in enumerate(wishes):
        for other in each[1:]:
            yield [other if place == number else one[0] for place, one in enumerate(wishes)]
    for first in range(len(wishes)):
        for second in range(first + 1, len(wishes)):
            for one in wishes[first][1:]:
                for two in wishes[second][1:]:
                    yield [one if place == first else two if place == second else each[0] for place, each in enumerate(wishes)]


def in_major(amount_minor: int, currency: str) -> str:
    """Minor units as a decimal number of the currency, exact."""
    digits = exponent(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else str(whole)
