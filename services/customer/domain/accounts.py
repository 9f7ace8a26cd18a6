"""Who belongs to an account: organisations and households, and the people in them, as several tellers say it in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

TYPES: Final = ("organisation", "household")
MAX_ROLE: Final = 60
MAX_ID: Final = 512


class Membership(NamedTuple):
    """A person and an account. `rank` is the trust in the teller, `told_at` when it was told; `until` is None while it lasts."""

    account_id: UUID
    customer_id: UUID
    role: str
    since: datetime
    until: datetime | None
    told_at: datetime
    rank: int
    source: str
    primary_at: datetime | None = None


def joined(present: Membership | None, said: Membership) -> Membership:
    """What holds after somebody said that a person belongs to an account (an empty role says nothing of the role).

    While it lasts the earliest beginning counts, and the role of the most trusted, then the latest teller. What was ended begins
    again only on a later word of somebody who is trusted as much as who ended it.
    """
    if present is None:
        return said
    if present.until is not None:
        if said.told_at <= present.until or said.rank < present.rank:
            return present
        return said._replace(role=said.role or present.role, primary_at=said.primary_at or present.primary_at)
    result = present._replace(since=min(present.since, said.since), primary_at=said.primary_at or present.primary_at)
    if said.role and (said.rank, said.told_at) >= (present.rank, present.told_at):
        result = result._replace(role=said.role, rank=said.rank, told_at=said.told_at, source=said.source)
    return result


def ended(present: Membership, *, at: datetime, rank: int, source: str) -> Membership:
    """The membership after somebody ended it."""
    return present._replace(until=max(at, present.since), told_at=at, rank=rank, source=source, primary_at=None)


class Belonging(NamedTuple):
    """One membership of a person after merges: the account that answers, and what all rows of the two families say together."""

    account_id: UUID
    customer_id: UUID
    role: str
    since: datetime
    until: datetime | None
    source: str
    primary_at: datetime | None

    @property
    def standing(self) -> tuple[bool, float, float, UUID]:
        """What is greater comes first: lasting before ended, chosen before not chosen, then the latest."""
        return (self.until is None, self.primary_at.timestamp() if self.primary_at else 0.0, self.since.timestamp(), self.account_id)


def belongings(rows: Iterable[Membership], *, roots: Mapping[UUID, UUID]) -> list[Belonging]:
    """Each pair of person and account once, the first account of each person first. `roots`: who answers for a customer."""
    together: dict[tuple[UUID, UUID], list[Membership]] = {}
    for row in rows:
        pair = (roots.get(row.account_id, row.account_id), roots.get(row.customer_id, row.customer_id))
        together.setdefault(pair, []).append(row)
    found = []
    for (account, person), several in together.items():
        lasting = [row for row in several if row.until is None] or several
        best = max(lasting, key=lambda row: (bool(row.role), row.rank, row.told_at))
        chosen = [row.primary_at for row in lasting if row.primary_at is not None]
        ends = [row.until for row in lasting if row.until is not None]
        found.append(
            Belonging(
                account, person, best.role, min(row.since for row in lasting), max(ends) if ends else None, best.source,
                max(chosen) if chosen else None,
            )
        )
    return sorted(found, key=lambda one: one.standing, reverse=True)


def shown_to_members(values: Mapping[str, Any], *, account_id: UUID, kind: str, name: str | None, role: str) -> dict[str, Any]:
    """The trait `account` of a member: the account's own traits, and what it is to the member."""
    return {**values, "id": str(account_id), "type": kind, "name": name, "role": role}


def account_key(value: Any) -> str | None:
    """The identity of the account that a `groupId` names, by the rules of all ids; None when it names none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return f"account:{text}" if text and len(text) <= MAX_ID and "\x00" not in text else None


def role_of(value: Any) -> str:
    """A role as an event says it; empty for none."""
    return value.strip()[:MAX_ROLE] if isinstance(value, str) and "\x00" not in value else ""
