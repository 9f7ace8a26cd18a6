"""The rule of a segment as a tree: what may be asked about a customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

MAX_NODES: Final = 100
MAX_DEPTH: Final = 8
MAX_COST: Final = 200
MAX_DAYS: Final = 3660
#: How long ago a moment may lie: more than a life.
MAX_AGO: Final = 45_000

COMPARISONS: Final = ("eq", "neq", "gt", "gte", "lt", "lte")
VALUE_OPS: Final = (*COMPARISONS, "in", "contains", "exists", "before", "after")
STAGES: Final = ("acquire", "enhance", "retain")
MEASURES: Final = ("count", "days", "sum", "average", "first", "last")
RFM_PARTS: Final = ("r", "f", "m", "rfm")
#: Figures over a property of the events, besides their count.
EVENT_MEASURES: Final = ("sum", "average", "min", "max", "distinct")
MESSAGE_OUTCOMES: Final = ("planned", "accepted", "failed", "suppressed", "unknown", "opened", "clicked")
MAX_STEPS: Final = 5
CONSENT_STATES: Final = ("granted", "withdrawn", "none")

#: Traits that are columns of the profile; every other name is looked up in the customer's traits.
BUILT_IN: Final = ("registered_at", "known", "customer_type", "language", "email", "phone")


@dataclass(frozen=True)
class Ago:
    """A moment relative to the evaluation: `-30d`."""

    days: int

    def at(self, now: datetime) -> datetime:
        """The moment it means."""
        return now - timedelta(days=self.days)


Moment: TypeAlias = datetime | Ago


@dataclass(frozen=True)
class Window:
    """Since when and until when; both ends may be open. A relative start moves with time."""

    since: Moment | None = None
    until: Moment | None = None


@dataclass(frozen=True)
class Compared:
    """`op value` on something named: a trait or an event's property."""

    name: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class All:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class Trait:
    test: Compared


@dataclass(frozen=True)
class Event:
    """How many events of a name (`*` = any) and kind lie in the window and pass the filters. "Never" is count = 0."""

    name: str
    kind: str | None
    where: tuple[Compared, ...]
    op: str
    count: float
    window: Window
    measure: str = "count"
    property: str | None = None


@dataclass(frozen=True)
class Orders:
    """A figure over the customer's orders in the window; money in minor units, `first` and `last` are times."""

    measure: str
    op: str
    value: float | int | Moment
    window: Window
    product: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Rfm:
    part: str
    op: str
    value: Any


@dataclass(frozen=True)
class Consent:
    """What the person said about a purpose; `none` = no statement. Without a channel: on any channel."""

    purpose: str
    channel: str | None
    state: str


@dataclass(frozen=True)
class Segment:
    segment_id: str


@dataclass(frozen=True)
class Stage:
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """An event of a sequence, at most `within_days` after the one before; `absent`: it does not come in that time (last step only)."""

    name: str
    kind: str | None
    where: tuple[Compared, ...]
    within_days: int | None = None
    absent: bool = False


@dataclass(frozen=True)
class Sequence:
    """Events in this order, whatever else lies between; the first of them in the window."""

    steps: tuple[Step, ...]
    window: Window


@dataclass(frozen=True)
class Calendar:
    """A moment of the customer (registered_at, first_order, last_order, or a trait with a date) falls on certain months and days of a calendar."""

    of: str
    calendar: str
    years: tuple[int, ...]
    months: tuple[int, ...]
    days: tuple[int, ...]


@dataclass(frozen=True)
class Computed:
    """A comparison with a computed trait."""

    test: Compared


@dataclass(frozen=True)
class Score:
    """A comparison with a score of a model, as it was told last."""

    test: Compared


@dataclass(frozen=True)
class Message:
    """How many messages of an origin (a campaign or journey) and channel had an outcome in the window."""

    outcome: str
    origin: str | None
    channel: str | None
    op: str
    count: int
    window: Window


@dataclass(frozen=True)
class Listed:
    """On the list of this segment."""

    segment_id: str


Leaf: TypeAlias = Trait | Event | Orders | Rfm | Consent | Segment | Stage | Sequence | Calendar | Computed | Score | Message | Listed
Node: TypeAlias = All | AnyOf | Not | Leaf

#: What a leaf costs: those that read facts weigh more than those that read one row.
WEIGHTS: Final[dict[type[Any], int]] = {Event: 5, Sequence: 10, Orders: 3, Message: 3, Segment: 2}


class RuleError(ValueError):
    """A rule that cannot be used; `pointer` (RFC 6901) names the place in the rule as sent."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer or '/'}: {message}")
        self.pointer = pointer
        self.message = message


def walk(node: Node, pointer: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf with the pointer to it, in the order of the rule."""
    match node:
        case All(parts):
            for number, part in enumerate(parts):
                yield from walk(part, f"{pointer}/all/{number}")
        case AnyOf(parts):
            for number, part in enumerate(parts):
                yield from walk(part, f"{pointer}/any/{number}")
        case Not(part):
            yield from walk(part, f"{pointer}/not")
        case _:
            yield pointer, node


def cost(node: Node) -> int:
    """The weight of a rule; see MAX_COST."""
    return sum(WEIGHTS.get(type(leaf), 1) for _, leaf in walk(node))


def referenced(node: Node) -> frozenset[str]:
    """The segments that a rule asks for."""
    return frozenset(leaf.segment_id for _, leaf in walk(node) if isinstance(leaf, Segment))


def expand(node: Node, others: dict[str, Node], *, own: str | None = None) -> Node:
    """Put the rules of referenced segments in their place.

    `others` holds the rules of all segments by id, `own` is the id of the segment the rule is of. Raises RuleError for an unknown segment, a circle, or a rule that becomes too costly.
    """
    grown = _expand(node, others, () if own is None else (own,), "")
    if (total := cost(grown)) > MAX_COST:
        raise RuleError("", f"the rule costs {total} with the segments it asks for; the limit is {MAX_COST}")
    return grown


def _expand(node: Node, others: dict[str, Node], seen: tuple[str, ...], pointer: str) -> Node:
    match node:
        case All(parts):
            return All(tuple(_expand(part, others, seen, f"{pointer}/all/{number}") for number, part in enumerate(parts)))
        case AnyOf(parts):
            return AnyOf(tuple(_expand(part, others, seen, f"{pointer}/any/{number}") for number, part in enumerate(parts)))
        case Not(part):
            return Not(_expand(part, others, seen, f"{pointer}/not"))
        case Segment(segment_id):
            if segment_id in seen:
                raise RuleError(f"{pointer}/segment", "the segments ask for each other in a circle")
            if segment_id not in others:
                raise RuleError(f"{pointer}/segment", "there is no such segment")
            if len(seen) >= MAX_DEPTH:
                raise RuleError(f"{pointer}/segment", f"segments may ask for segments {MAX_DEPTH} deep")
            return _expand(others[segment_id], others, (*seen, segment_id), pointer)
        case _:
            return node
