"""What we did to reach a customer, and whether, when and how the customer responded.

An act is a message that was handed over, or a contact that somebody of the company began. What the customer does within the window is a
response: opening and following a link of that very message, answering it, being reached by the call. An answer that names nothing and an
order count for the last act before them, so that nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

#: Ways to respond, the strongest first.
WAYS: Final = ("ordered", "replied", "answered", "clicked", "opened")
RESPONDED, WAITING, NONE = "responded", "waiting", "no_response"


class Act(NamedTuple):
    """`message_id` is that of a message, or how a contact calls itself; `reached`: a call that was answered."""

    act_id: str
    kind: str
    channel: str
    at: datetime
    purpose: str | None = None
    campaign_id: str | None = None
    message_id: str | None = None
    employee_id: str | None = None
    reached: bool = False


class Deed(NamedTuple):
    """What the customer did: `how` is one of WAYS. `answers` are the names of what it answers, if it says so."""

    how: str
    at: datetime
    channel: str
    reference: str
    answers: frozenset[str] = frozenset()


class Answered(NamedTuple):
    """An act with its responses in the order of time. `how` is the strongest of them, `at` the first."""

    act: Act
    state: str
    how: str | None
    at: datetime | None
    deeds: list[Deed]


def match(acts: Iterable[Act], deeds: Iterable[Deed], *, window: timedelta, now: datetime) -> list[Answered]:
    """Every act, the newest first, with what the customer did about it."""
    listed = sorted(acts, key=lambda act: (act.at, act.act_id))
    found: dict[str, list[Deed]] = {act.act_id: [] for act in listed}
    for act in listed:
        if act.reached:
            found[act.act_id].append(Deed("answered", act.at, act.channel, act.act_id))
    for deed in sorted(deeds, key=lambda each: (each.at, each.reference)):
        meant = _meant(listed, deed, window)
        if meant is not None:
            found[meant.act_id].append(deed)
    return [_answered(act, found[act.act_id], window, now) for act in reversed(listed)]


def _meant(acts: Sequence[Act], deed: Deed, window: timedelta) -> Act | None:
    """The act a deed answers: one it names, else the last one before it, of the same channel unless it is an order."""
    for act in reversed(acts):
        if not act.at <= deed.at <= act.at + window:
            continue
        if deed.answers:
            if deed.answers & {name for name in (act.message_id, act.campaign_id, act.act_id) if name}:
                return act
        elif deed.how == "ordered" or deed.channel == act.channel:
            return act
    return None


def _answered(act: Act, deeds: list[Deed], window: timedelta, now: datetime) -> Answered:
    if not deeds:
        return Answered(act, WAITING if now < act.at + window else NONE, None, None, [])
    return Answered(act, RESPONDED, min((deed.how for deed in deeds), key=WAYS.index), min(deed.at for deed in deeds), deeds)
