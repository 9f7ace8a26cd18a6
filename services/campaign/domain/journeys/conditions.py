"""Conditions: tests of an event's properties, and rules about a person, as trees of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Op = Literal["eq", "neq", "gt", "gte", "lt", "lte", "in", "contains", "exists"]
Path = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Scalar: TypeAlias = bool | int | float | Annotated[str, Field(max_length=500)]
Value: TypeAlias = Scalar | Annotated[list[Scalar], Field(max_length=200)] | None
#: Marks the branches of unions, so that they can be told from the fields of the input in pointers.
MARK: Final = "\u00a7"
MOST_NODES: Final = 50


class Strict(BaseModel):
    """Nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Test(Strict):
    """`op value` on a property, a trait or a score; dots lead into objects. `exists` takes no value (or false)."""

    op: Op = "eq"
    value: Value = None

    def holds(self, found: Any) -> bool:
        """Whether a value fulfils it. A value that is missing fulfils nothing but `exists: false`."""
        if self.op == "exists":
            return (found is not None) is (self.value is not False)
        if found is None:
            return False
        if self.op in ("eq", "neq"):
            return _equal(found, self.value) is (self.op == "eq")
        if self.op == "in":
            return any(_equal(found, one) for one in (self.value if isinstance(self.value, list) else [self.value]))
        if self.op == "contains":
            return any(_equal(one, self.value) for one in found) if isinstance(found, list) else str(self.value) in str(found)
        return _ordered(found, self.value, self.op)


class PropertyTest(Test):
    property: Path


class EventTest(Strict):
    """An event by its name, and tests of its properties that all hold."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    where: Annotated[list[PropertyTest], Field(max_length=20)] = []

    def matches(self, name: str, properties: Mapping[str, Any]) -> bool:
        return name == self.name and all(test.holds(look_up(properties, test.property)) for test in self.where)


class All(Strict):
    all: Annotated[list[Rule], Field(min_length=1, max_length=20)]


class AnyOf(Strict):
    any: Annotated[list[Rule], Field(min_length=1, max_length=20)]


class Not(Strict):
    negated: Rule = Field(alias="not")


class TraitTest(Test):
    """A trait of the profile; also `name`, `email`, `phone`, `language`, `time_zone`, `tier` where the programmes keep one."""

    trait: Path


class DataTest(Test):
    """What the person brought along: `event.…`: a property of the event that let them in; `goals`: goals reached so far."""

    data: Path


class ScoreTest(Test):
    """A score as the analytics service told it last: `rfm`, `stage`, …"""

    score: Path


class SegmentTest(Strict):
    """Member of a segment at that moment."""

    segment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


def _kind(value: Any) -> str:
    names = value if isinstance(value, Mapping) else getattr(type(value), "model_fields", {})
    for key in ("all", "any", "not", "trait", "data", "score", "segment"):
        if key in names or (key == "not" and "negated" in names):
            return MARK + key
    return MARK + "trait"


Rule = Annotated[
    Annotated[All, Tag(MARK + "all")] | Annotated[AnyOf, Tag(MARK + "any")] | Annotated[Not, Tag(MARK + "not")]
    | Annotated[TraitTest, Tag(MARK + "trait")] | Annotated[DataTest, Tag(MARK + "data")] | Annotated[ScoreTest, Tag(MARK + "score")]
    | Annotated[SegmentTest, Tag(MARK + "segment")],
    Discriminator(_kind),
]
for _model in (All, AnyOf, Not):
    _model.model_rebuild()


class Known(NamedTuple):
    """What is known of a person. `segments`: only those that were asked for."""

    traits: Mapping[str, Any] = {}
    scores: Mapping[str, str] = {}
    segments: Mapping[str, bool] = {}


class Clause(NamedTuple):
    """One leaf of a rule; `holds` None: not known (yet)."""

    pointer: str
    kind: str
    holds: bool | None
    seen: Any
    wants: str


def holds(rule: Any, known: Known, data: Mapping[str, Any]) -> bool | None:
    """Whether a rule holds; None: that depends on a segment that was not asked about."""
    if isinstance(rule, All | AnyOf):
        parts = [holds(part, known, data) for part in (rule.all if isinstance(rule, All) else rule.any)]
        decides = not isinstance(rule, All)
        return decides if decides in parts else None if None in parts else not decides
    if isinstance(rule, Not):
        inner = holds(rule.negated, known, data)
        return None if inner is None else not inner
    if isinstance(rule, SegmentTest):
        return known.segments.get(rule.segment)
    verdict: bool = rule.holds(_seen(rule, known, data))
    return verdict


def clauses(rule: Any, known: Known, data: Mapping[str, Any], pointer: str = "") -> Iterator[Clause]:
    """The leaves of a rule with what was seen."""
    if isinstance(rule, All | AnyOf):
        key, parts = ("all", rule.all) if isinstance(rule, All) else ("any", rule.any)
        for number, part in enumerate(parts):
            yield from clauses(part, known, data, f"{pointer}/{key}/{number}")
    elif isinstance(rule, Not):
        yield from clauses(rule.negated, known, data, f"{pointer}/not")
    elif isinstance(rule, SegmentTest):
        member = known.segments.get(rule.segment)
        yield Clause(pointer, "segment", member, member, f"member of {rule.segment}")
    else:
        seen = _seen(rule, known, data)
        yield Clause(pointer, _kind(rule).strip(MARK), rule.holds(seen), seen, f"{rule.op} {rule.value}")


def segments_of(rule: Any) -> frozenset[str]:
    """The segments a rule asks for."""
    if isinstance(rule, All | AnyOf):
        return frozenset().union(*(segments_of(part) for part in (rule.all if isinstance(rule, All) else rule.any)))
    if isinstance(rule, Not):
        return segments_of(rule.negated)
    return frozenset({rule.segment}) if isinstance(rule, SegmentTest) else frozenset()


def count_nodes(rule: Any) -> int:
    if isinstance(rule, All | AnyOf):
        return 1 + sum(count_nodes(part) for part in (rule.all if isinstance(rule, All) else rule.any))
    return 1 + count_nodes(rule.negated) if isinstance(rule, Not) else 1


def look_up(values: Mapping[str, Any], path: str) -> Any:
    """A value by its name, or by a path of names with dots."""
    if path in values:
        return values[path]
    found: Any = values
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _seen(rule: Any, known: Known, data: Mapping[str, Any]) -> Any:
    if isinstance(rule, TraitTest):
        return look_up(known.traits, rule.trait)
    if isinstance(rule, DataTest):
        return look_up(data, rule.data)
    return known.scores.get(rule.score)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return str(left) == str(right)


def _ordered(left: Any, right: Any, op: str) -> bool:
    """Numbers as numbers (also in texts), times as times, else as texts."""
    pair = _numbers(left, right) or _times(left, right) or (str(left), str(right))
    first, second = pair
    return bool({"gt": first > second, "gte": first >= second, "lt": first < second, "lte": first <= second}[op])


def _numbers(left: Any, right: Any) -> tuple[Any, Any] | None:
    try:
        return float(left), float(right)
    except (TypeError, ValueError):
        return None


def _times(left: Any, right: Any) -> tuple[Any, Any] | None:
    try:
        pair = tuple(datetime.fromisoformat(str(one)) for one in (left, right))
    except ValueError:
        return None
    return (pair[0], pair[1]) if (pair[0].tzinfo is None) is (pair[1].tzinfo is None) else None
