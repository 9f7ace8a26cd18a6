"""What a person said, and what counts when people turn out to be one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

GRANTED: Final = "granted"
WITHDRAWN: Final = "withdrawn"
#: A grant whose time is over: no grant any more.
EXPIRED: Final = "expired"
#: Asked for, not confirmed yet: nothing that counts.
PENDING: Final = "pending"
#: Entries about people, not by them: two became one or two again, an identity went to another, a waiting statement found its person, personal parts were erased.
MERGED: Final = "merged"
UNMERGED: Final = "unmerged"
SPLIT: Final = "split"
LINKED: Final = "linked"
ERASED: Final = "erased"
STATES: Final = (GRANTED, WITHDRAWN, EXPIRED, PENDING, MERGED, UNMERGED, SPLIT, LINKED, ERASED)

OPT_IN: Final = "opt_in"
DOUBLE_OPT_IN: Final = "double_opt_in"
OPT_OUT: Final = "opt_out"
MODELS: Final = (OPT_IN, DOUBLE_OPT_IN, OPT_OUT)

#: Stands for every purpose, or every channel, in a stop.
ANY: Final = "*"
#: Stands where a channel does in the statement that restricts all use of a person's data: nothing is sent, not even what contracts demand.
RESTRICTED: Final = "restricted"
#: What must be sent whatever a person stops: under these legal bases.
NOT_STOPPED: Final = frozenset({"contract", "legal_obligation", "vital_interest"})

#: Why a permit is refused.
UNKNOWN_PURPOSE: Final = "unknown_purpose"
UNKNOWN_CHANNEL: Final = "unknown_channel"
NO_GRANT: Final = "no_grant"
STOPPED: Final = "stopped"

#: A signal an event may carry -> the purposes it refuses. Signals can only narrow what the ledger allows.
SIGNALS: Final[Mapping[str, tuple[str, ...]]] = {
    "gpc": ("sharing", "profiling", "analytics"),
    "unsubscribed": ("marketing",),
    "spam": ("marketing",),
}

#: Which of two statements made before a merge is the stricter.
_STRICTNESS: Final = {GRANTED: 0, EXPIRED: 1, WITHDRAWN: 2}


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """The statement that counts for one purpose and channel: its state, when it was said, its ledger entry, the wording shown, until when."""

    state: str
    at: datetime
    entry: str
    wording: int = 1
    until: datetime | None = None


#: purpose -> channel -> what counts. Stops stand under the purpose `*`.
Statements = dict[str, dict[str, Said]]


class Purpose(NamedTuple):
    """A reason to use data. `basis`: opt_in and double_opt_in (not without a grant) or opt_out (allowed until refused)."""

    purpose: str
    version: int
    basis: str
    legal_basis: str
    channels: list[str]
    title: dict[str, str]
    wording: dict[str, str]
    defined_at: datetime
    consequences: dict[str, str] = {}
    expires_after_days: int | None = None

    @property
    def stoppable(self) -> bool:
        """Whether a stop covers it."""
        return self.legal_basis not in NOT_STOPPED


class Entry(NamedTuple):
    """One line of the ledger, as it was made; never changed. `refers`: earlier entries it speaks of; `expires_at`: a grant's end.

    From `customer_id` to `actor` are the personal parts; they are empty in an entry that was erased.
    """

    id: UUID
    customer_id: UUID | None
    identity: bytes | None
    language: str | None
    source: str
    evidence: dict[str, Any]
    actor: str
    purpose: str
    channel: str
    state: str
    wording_version: int
    legal_basis: str
    said_at: datetime
    recorded_at: datetime
    expires_at: datetime | None = None
    refers: tuple[UUID, ...] = ()
    tick: int = 0


class Merge(NamedTuple):
    """`merged` became part of `into` at this time."""

    merged: str
    into: str
    at: datetime


def take(statements: Statements, purpose: str, channel: str, said: Said) -> bool:
    """Let a statement count unless something later was said; of two at one time the stricter counts. Returns whether it counts now."""
    known = statements.get(purpose, {}).get(channel)
    if known is not None and _newer(known, said) is known:
        return False
    statements.setdefault(purpose, {})[channel] = said
    return True


def combine(one: Said | None, other: Said | None, merged_at: datetime) -> Said | None:
    """What counts for two people who became one: what was said after the merge, the latest; before it, the stricter."""
    if one is None or other is None:
        return one or other
    if one.at > merged_at or other.at > merged_at:
        return _newer(one, other)
    if one.state != other.state:
        return max(one, other, key=lambda said: _STRICTNESS[said.state])
    return _newer(one, other)


def effective(root: str, said: Mapping[str, Statements], merges: Iterable[Merge]) -> Statements:
    """What counts for a person and everybody merged into it, however deep. `said` by customer id; nothing of it is changed."""
    children: dict[str, list[Merge]] = {}
    for merge in merges:
        children.setdefault(merge.into, []).append(merge)
    found: Statements = {purpose: dict(channels) for purpose, channels in said.get(root, {}).items()}
    for merge in sorted(children.get(root, []), key=lambda merge: (merge.at, merge.merged)):
        below = effective(merge.merged, said, children_below(merge.merged, children))
        for purpose, channels in below.items():
            for channel, statement in channels.items():
                own = found.setdefault(purpose, {}).get(channel)
                counts = combine(own, statement, merge.at)
                assert counts is not None
                found[purpose][channel] = counts
    return found


def children_below(node: str, children: Mapping[str, Sequence[Merge]]) -> list[Merge]:
    """All merges in the tree under a node."""
    found: list[Merge] = []
    waiting = [node]
    while waiting:
        for merge in children.get(waiting.pop(), ()):
            found.append(merge)
            waiting.append(merge.merged)
    return found


def stop_of(statements: Statements, channel: str) -> Said | None:
    """The stop that covers a channel, if one does."""
    stops = statements.get(ANY, {})
    return next((said for said in (stops.get(ANY), stops.get(channel)) if said is not None and said.state == WITHDRAWN), None)


def restriction_of(statements: Statements) -> Said | None:
    """The restriction of all use, while there is one."""
    said = statements.get(ANY, {}).get(RESTRICTED)
    return said if said is not None and said.state == WITHDRAWN else None


def lapsed(said: Said | None, now: datetime) -> bool:
    """Whether it is a grant whose time is over."""
    return said is not None and (said.state == EXPIRED or (said.state == GRANTED and said.until is not None and said.until <= now))


def refusal(purpose: Purpose | None, channel: str, statements: Statements, now: datetime) -> str | None:
    """Why a purpose may not be pursued on a channel; None when it may."""
    if purpose is None:
        return UNKNOWN_PURPOSE
    if channel not in purpose.channels:
        return UNKNOWN_CHANNEL
    if restriction_of(statements) is not None:
        return RESTRICTED
    if purpose.stoppable and stop_of(statements, channel) is not None:
        return STOPPED
    said = statements.get(purpose.purpose, {}).get(channel)
    if said is not None and said.state == WITHDRAWN:
        return WITHDRAWN
    if purpose.basis == OPT_OUT:
        return None
    if said is None:
        return NO_GRANT
    return EXPIRED if lapsed(said, now) else None


def shown(statements: Statements, defined: Mapping[str, Purpose]) -> dict[str, dict[str, str]]:
    """Purpose -> channel -> granted or withdrawn, as it is published: stops spelt out, what has expired left out."""
    found: dict[str, dict[str, str]] = {}
    for purpose, channels in statements.items():
        for channel, said in channels.items():
            if said.state != EXPIRED and (purpose != ANY or said.state == WITHDRAWN):
                found.setdefault(purpose, {})[channel] = said.state
    if ANY in found:
        for purpose, channel in stopped(statements, defined):
            found.setdefault(purpose, {})[channel] = WITHDRAWN
    return found


def stopped(statements: Statements, defined: Mapping[str, Purpose]) -> list[tuple[str, str]]:
    """Every purpose and channel that a stop or a restriction covers."""
    restricted = restriction_of(statements) is not None
    return [
        (name, channel)
        for name, purpose in defined.items()
        for channel in purpose.channels
        if restricted or (purpose.stoppable and stop_of(statements, channel) is not None)
    ]


def lapses_at(statements: Statements) -> datetime | None:
    """When the first of these grants ends."""
    ends = [
        said.until for channels in statements.values() for said in channels.values() if said.state == GRANTED and said.until is not None
    ]
    return min(ends, default=None)


def _newer(one: Said, other: Said) -> Said:
    if one.at != other.at:
        return one if one.at > other.at else other
    return one if _STRICTNESS[one.state] >= _STRICTNESS[other.state] else other
