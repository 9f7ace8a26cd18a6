"""A journey over the past: who would have come in, moved and been written to, and when. The same rules as the running, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from services.campaign.domain.journeys import moving
from services.campaign.domain.journeys.definition import AfterDays, Definition, Message
from services.campaign.domain.journeys.moving import Around, Effect, Happened, Moved, Person

#: What somebody is that comes in for no event: an occasion, told by its key.
MOST_PASSAGES: Final = 1_000


class Stimulus(NamedTuple):
    """Something of the past: an event, or an occasion (`event` None) with its key."""

    at: datetime
    key: str
    event: Happened | None
    data: dict[str, Any]


class Written(NamedTuple):
    """A message that would have been planned. `until`: when the person left because of what they did."""

    at: datetime
    effect: Effect
    called_back_at: datetime | None = None


class Replayed(NamedTuple):
    """One customer's past. `asks`: segments that must be known first."""

    passages: list[Person]
    messages: list[Written]
    asks: frozenset[str] = frozenset()


def replay(
    definition: Definition, *, journey_id: UUID, customer_id: UUID, stimuli: Sequence[Stimulus], around: Around, until: datetime
) -> Replayed:
    """Run one customer's past through the journey, until a time."""
    run = _Run(definition, journey_id, customer_id, around)
    for stimulus in stimuli:
        run.timers(stimulus.at)
        run.meet(stimulus)
        if run.asks:
            break
    run.timers(until)
    if run.person is not None:
        run.passages.append(run.person)
    return Replayed(run.passages, run.messages, run.asks)


class _Run:
    def __init__(self, definition: Definition, journey_id: UUID, customer_id: UUID, around: Around) -> None:
        self.definition, self.journey_id, self.customer_id, self.around = definition, journey_id, customer_id, around
        self.person: Person | None = None
        self.entered: list[datetime] = []
        self.passages: list[Person] = []
        self.messages: list[Written] = []
        self.asks: frozenset[str] = frozenset()

    def timers(self, until: datetime) -> None:
        """Everything that is due until then, each at its own time."""
        while self.person is not None and not self.asks and self.person.due_at is not None and self.person.due_at <= until:
            self._take(moving.advance(self.definition, self.person, self.around._replace(now=self.person.due_at)))

    def meet(self, stimulus: Stimulus) -> None:
        event = stimulus.event
        if self.person is not None and event is not None and moving.wanted(self.definition, self.person, event):
            self._take(moving.advance(self.definition, self.person, self.around._replace(now=stimulus.at), event), by_event=stimulus.at)
        entry = self.definition.entry.event
        comes = event is None or (entry is not None and entry.matches(event.name, event.properties))
        if comes and self.person is None and self._may_enter(stimulus.at):
            number = len(self.entered)
            self.entered.append(stimulus.at)
            self.person = Person(
                uuid5(self.journey_id, f"{self.customer_id}:{number}"), self.journey_id, 0, self.customer_id, self.definition.start,
                stimulus.at, stimulus.at, False, (), stimulus.data, 0, stimulus.at,
            )
            self.timers(stimulus.at)

    def _may_enter(self, at: datetime) -> bool:
        if not self.entered:
            return True
        rule = self.definition.reentry
        if rule == "never" or len(self.entered) >= MOST_PASSAGES:
            return False
        return not isinstance(rule, AfterDays) or at - self.entered[-1] >= timedelta(days=rule.after_days)

    def _take(self, moved: Moved, by_event: datetime | None = None) -> None:
        times = {move.number: move.at for move in moved.moves}
        self.messages += [Written(times[each.number], each) for each in moved.effects if isinstance(each.step, Message)]
        self.person, self.asks = moved.person, moved.asks
        if moved.person.left_at is not None:
            if by_event is not None:
                self.messages = [
                    each._replace(called_back_at=by_event) if each.effect.person.id == moved.person.id else each for each in self.messages
                ]
            self.passages.append(moved.person)
            self.person = None
