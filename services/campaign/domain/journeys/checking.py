"""Whether a definition makes sense; every fault points at its place (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.campaign.domain.journeys.conditions import MARK, MOST_NODES, EventTest, Rule, count_nodes, segments_of
from services.campaign.domain.journeys.definition import Branch, Definition, Exit, Split, Wait, WaitFor
from services.campaign.domain.journeys.heard import NAMES, is_heard_or_free


class Fault(NamedTuple):
    """What is wrong, and where."""

    pointer: str
    detail: str


def read(given: Mapping[str, Any]) -> tuple[Definition | None, list[Fault]]:
    """The definition, or why it is none. Unreachable steps, ways to nowhere and circles without a wait are faults."""
    try:
        definition = Definition.model_validate(given)
    except ValidationError as error:
        return None, [Fault(pointer_of(each["loc"]), str(each["msg"]).removeprefix("Value error, ")) for each in error.errors()[:50]]
    except RecursionError:
        return None, [Fault("/steps", "a rule is nested too deeply")]
    faults = list(_faults(definition))
    return (None, faults[:50]) if faults else (definition, [])


def pointer_of(where: tuple[int | str, ...]) -> str:
    """A place in the input, without the names that the branches of unions have."""
    parts = [str(part) for part in where if not str(part).startswith(MARK) and part != "[key]"]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def ways(step: Any) -> list[tuple[str, str | None]]:
    """Where a step leads: (place in the step, next step or None for leaving)."""
    if isinstance(step, WaitFor):
        return [("/then", step.then), ("/otherwise", step.otherwise)]
    if isinstance(step, Branch):
        return [*((f"/choices/{number}/next", choice.next) for number, choice in enumerate(step.choices)), ("/otherwise", step.otherwise)]
    if isinstance(step, Split):
        return [(f"/arms/{number}/next", arm.next) for number, arm in enumerate(step.arms)]
    return [] if isinstance(step, Exit) else [("/next", step.next)]


def segments_in(definition: Definition) -> frozenset[str]:
    """All segments that its branches ask for."""
    return frozenset().union(*(segments_of(rule) for _, rule in _rules(definition)))


def events_in(definition: Definition) -> Iterator[tuple[str, EventTest]]:
    """Every event that lets people in, on or out, with its place."""
    if definition.entry.event is not None:
        yield "/entry/event", definition.entry.event
    yield from ((f"/leave_on/{number}/event", each.event) for number, each in enumerate(definition.leave_on))
    yield from ((f"/steps/{name}/event", step.event) for name, step in definition.steps.items() if isinstance(step, WaitFor))


def _rules(definition: Definition) -> Iterator[tuple[str, Rule]]:
    for name, step in definition.steps.items():
        if isinstance(step, Branch):
            yield from ((f"/steps/{name}/choices/{number}/if", choice.condition) for number, choice in enumerate(step.choices))


def _faults(definition: Definition) -> Iterator[Fault]:
    if definition.start not in definition.steps:
        yield Fault("/start", f"there is no step {definition.start}")
    for name, step in definition.steps.items():
        for place, following in ways(step):
            if following is not None and following not in definition.steps:
                yield Fault(f"/steps/{name}{place}", f"there is no step {following}")
    for pointer, event in events_in(definition):
        if not is_heard_or_free(event.name):
            yield Fault(f"{pointer}/name", f"no event has this name; of the platform's own facts these are heard: {', '.join(sorted(NAMES))}")
    for pointer, rule in _rules(definition):
        if count_nodes(rule) > MOST_NODES:
            yield Fault(pointer, f"a rule has at most {MOST_NODES} parts")
    yield from _unreachable(definition)
    yield from _restless(definition)


def _unreachable(definition: Definition) -> Iterator[Fault]:
    seen: set[str] = set()
    following = [definition.start] if definition.start in definition.steps else list(definition.steps)
    while following:
        name = following.pop()
        if name in seen or name not in definition.steps:
            continue
        seen.add(name)
        following.extend(one for _, one in ways(definition.steps[name]) if one is not None)
    yield from (Fault(f"/steps/{name}", "no way leads to this step") for name in definition.steps if name not in seen)


def _restless(definition: Definition) -> Iterator[Fault]:
    """Circles on which nobody ever waits: people would run for ever."""
    state: dict[str, int] = {}

    def visit(name: str) -> str | None:
        state[name] = 1
        for _, following in ways(definition.steps[name]):
            if following is None or following not in definition.steps or isinstance(definition.steps[following], Wait | WaitFor):
                continue
            if state.get(following) == 1:
                return following
            if following not in state and (found := visit(following)):
                return found
        state[name] = 2
        return None

    for name, step in definition.steps.items():
        if name not in state and not isinstance(step, Wait | WaitFor) and (circle := visit(name)):
            yield Fault(f"/steps/{circle}", "a circle without a wait: nobody would ever come to rest")
            return
