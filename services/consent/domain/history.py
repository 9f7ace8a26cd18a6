"""The ledger played again: what counted for whom after any of its entries. Used to look back, and to check permits offline.

Order is the tick: a number drawn from one sequence of the database while the people's rows were held, by entries and by batches of
permits alike. Whatever has a smaller tick came before, whichever clock anybody had.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.consent.domain import statements
from services.consent.domain.statements import EXPIRED, GRANTED, WITHDRAWN, Merge, Said, Statements


class Step(NamedTuple):
    """One entry, as far as it matters. `into`: of a merge."""

    tick: int
    entry: str
    state: str
    customer: str | None
    identity: str | None
    purpose: str
    channel: str
    at: datetime
    wording: int = 1
    until: datetime | None = None
    into: str | None = None
    refers: tuple[str, ...] = ()


class History:
    """Apply steps in the order of their ticks; ask in between."""

    def __init__(self) -> None:
        self.merges: dict[str, Merge] = {}
        self._said: dict[str, Statements] = {}
        self._lines: dict[str, list[Step]] = {}
        self._waiting: dict[str, Step] = {}
        self._refused: dict[tuple[str, str, str], list[Step]] = {}

    def apply(self, step: Step) -> None:
        """Raises ValueError for an entry that speaks of nobody."""
        if step.state in (GRANTED, WITHDRAWN, EXPIRED):
            if step.customer is not None:
                self._count(step.customer, step)
            elif step.identity is not None:
                self._waiting[step.entry] = step
                self._refused.setdefault((step.identity, step.purpose, step.channel), []).append(step)
            else:
                raise ValueError("the entry speaks of nobody")
        elif step.state == statements.LINKED and step.customer is not None:
            for entry in step.refers:
                found = self._waiting.pop(entry, None)
                if found is not None and found.identity is not None:
                    self._refused[found.identity, found.purpose, found.channel].remove(found)
                    self._count(step.customer, found)
        elif step.state == statements.MERGED and step.customer is not None and step.into is not None:
            self.merges[step.customer] = Merge(step.customer, step.into, step.at)
        elif step.state == statements.SPLIT and step.customer is not None:
            self._split(step.customer, step.identity)
        elif step.state == statements.UNMERGED and step.customer is not None:
            self.merges.pop(step.customer, None)

    def root_of(self, customer: str) -> str:
        """Who answers for a customer after all merges."""
        seen = {customer}
        while customer in self.merges and self.merges[customer].into not in seen:
            customer = self.merges[customer].into
            seen.add(customer)
        return customer

    def effective(self, customer: str) -> Statements:
        """What counts for a customer now."""
        root = self.root_of(customer)
        if not self.merges:
            return self._said.get(root, {})
        return statements.effective(root, self._said, self.merges.values())

    def refused_address(self, identity: str, purpose: str, channel: str, *, stoppable: bool) -> bool:
        """Whether somebody whose customer was not known yet had withdrawn for this address, or stopped."""
        places = [(identity, purpose, channel)]
        if stoppable:
            places += [(identity, statements.ANY, statements.ANY), (identity, statements.ANY, channel)]
        return any(waiting[-1].state == WITHDRAWN for place in places if (waiting := self._refused.get(place)))

    def _split(self, home: str, identity: str | None) -> None:
        """Grants made under an identity that leaves no longer count here; the last of the other words does."""
        lines, said = self._lines.get(home, []), self._said.get(home, {})
        mine = {line.entry for line in lines if line.identity == identity and line.state == GRANTED}
        for purpose, channels in said.items():
            for channel in [channel for channel, word in channels.items() if word.entry in mine]:
                del channels[channel]
                for line in lines:
                    if line.identity != identity and (line.purpose, line.channel) == (purpose, channel):
                        statements.take(said, purpose, channel, Said(line.state, line.at, line.entry, line.wording, line.until))

    def _count(self, customer: str, step: Step) -> None:
        self._lines.setdefault(customer, []).append(step)
        said = Said(step.state, step.at, step.entry, step.wording, step.until)
        statements.take(self._said.setdefault(customer, {}), step.purpose, step.channel, said)
