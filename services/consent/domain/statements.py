"""What a person said, and what counts when people turn out to be one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

GRANTED: Final = "granted"
WITHDRAWN: Final = "withdrawn"

OPT_IN: Final = "opt_in"
OPT_OUT: Final = "opt_out"

#: Why a permit is refused.
UNKNOWN_PURPOSE: Final = "unknown_purpose"
UNKNOWN_CHANNEL: Final = "unknown_channel"
NO_GRANT: Final = "no_grant"

#: A signal an event may carry -> the purposes it refuses. Signals can only narrow what the ledger allows.
SIGNALS: Final[Mapping[str, tuple[str, ...]]] = {
    "gpc": ("sharing", "profiling", "analytics"),
    "unsubscribed": ("marketing",),
    "spam": ("marketing",),
}


class Said(msgspec.Struct, frozen=True):
    """The statement that counts for one purpose and channel: its state, when it was said, its ledger entry, the wording shown."""

    state: str
    at: datetime
    entry: str
    wording: int = 1


#: purpose -> channel -> what counts
Statements = dict[str, dict[str, Said]]


class Purpose(NamedTuple):
    """A reason to use data. `basis`: opt_in (not without a grant) or opt_out (allowed until refused)."""

    purpose: str
    version: int
    basis: str
    legal_basis: str
    channels: list[str]
    title: dict[str, str]
    wording: dict[str, str]
    defined_at: datetime


class Entry(NamedTuple):
    """One statement, as it was made; never changed."""

    id: UUID
    customer_id: UUID | None
    identity: bytes | None
    purpose: str
    channel: str
    state: str
    wording_version: int
    language: str | None
    legal_basis: str
    source: str
    evidence: dict[str, Any]
    actor: str
    said_at: datetime
    recorded_at: datetime


class Merge(NamedTuple):
    """`merged` became part of `into` at this time."""

    merged: str
    into: str
    at: datetime


def take(statements: Statements, purpose: str, channel: str, said: Said) -> bool:
    """Let a statement count unless something later was said; of two at one time the withdrawal counts. Returns whether it counts now."""
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
        return one if one.state == WITHDRAWN else other
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


def refusal(purpose: Purpose | None, channel: str, said: Said | None) -> str | None:
    """Why a purpose may not be pursued on a channel; None when it may."""
    if purpose is None:
        return UNKNOWN_PURPOSE
    if channel not in purpose.channels:
        return UNKNOWN_CHANNEL
    if said is not None:
        return WITHDRAWN if said.state == WITHDRAWN else None
    return NO_GRANT if purpose.basis == OPT_IN else None


def shown(statements: Statements) -> dict[str, dict[str, str]]:
    """Purpose -> channel -> granted or withdrawn, as it is published."""
    return {purpose: {channel: said.state for channel, said in channels.items()} for purpose, channels in statements.items()}


def _newer(one: Said, other: Said) -> Said:
    if one.at != other.at:
        return one if one.at > other.at else other
    return one if one.state == WITHDRAWN else other
