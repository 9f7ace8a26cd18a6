"""A case: its states, and what changes them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

STATUSES: Final = ("open", "waiting", "resolved", "closed", "merged")
#: Somebody has it to do.
LIVING: Final = ("open", "waiting")
PRIORITIES: Final = ("low", "normal", "high", "urgent")
#: The queue that is there from the beginning.
FRONT_DESK: Final = UUID("00000000-0000-7000-8000-000000000001")

#: From -> to; merging has its own way.
_MOVES: Final = {
    "open": ("waiting", "resolved", "closed"), "waiting": ("open", "resolved", "closed"), "resolved": ("open", "closed"), "closed": ("open",),
    "merged": (),
}
_NUMBERED: Final = re.compile(r"\[#(\d{1,15})\]")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the cases; what the columns mean stands at the table."""

    id: UUID
    number: int = 0
    status: str = "open"
    kind: str
    priority: str = "normal"
    subject: str
    channel: str
    language: str | None = None
    skills: list[str] = []
    tags: list[str] = []
    tier: str | None = None
    identity: bytes | None = None
    customer_id: UUID | None = None
    team_id: UUID
    employee_id: UUID | None = None
    opened_at: datetime
    opened_by: str
    changed_at: datetime
    responsible_at: datetime | None = None
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    resolutions: int = 0
    merged_into: UUID | None = None
    policy_id: UUID | None = None
    answer_due: datetime | None = None
    resolve_due: datetime | None = None
    paused_at: datetime | None = None
    resolve_left: float | None = None
    alarm_at: datetime | None = None
    route_at: datetime | None = None
    version: int = 1


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as far as cases ask: who, how, about what, and what it continues.

    `thread`, `reply_to_message`, `references` and `conversation` name a talk it belongs to; `case_id` the case itself; `message` is its own name
    in such a talk. `automatic`: no person wrote it.
    """

    interaction_id: UUID
    identity: bytes | None
    kind: str
    channel: str
    subject: str | None
    language: str | None
    occurred_at: datetime
    initiator: str = "customer"
    purpose: str | None = None
    outcome: str | None = None
    thread: str | None = None
    reply_to_message: str | None = None
    references: tuple[str, ...] = ()
    message: str | None = None
    conversation: str | None = None
    case_id: UUID | None = None
    employee: str | None = None
    priority: str | None = None
    automatic: bool = False

    @property
    def threads(self) -> list[str]:
        """The talks it belongs to, as `case_thread` keeps them, the surest first."""
        found = [("thread", self.thread), ("message", self.reply_to_message), ("conversation", self.conversation)]
        return [f"{word}:{value}" for word, value in [*found, *(("message", each) for each in self.references)] if value]

    @property
    def own_threads(self) -> list[str]:
        """What later contacts may call the talk by."""
        found = [("thread", self.thread), ("message", self.message), ("conversation", self.conversation)]
        return [f"{word}:{value}" for word, value in found if value]

    @property
    def numbers(self) -> list[int]:
        """Case numbers that the subject names: `[#17]`."""
        return [int(each) for each in _NUMBERED.findall(self.subject or "")[:3]]


def contact_of(
    *, interaction_id: UUID, identity: bytes | None, kind: str, channel: str, initiator: str, purpose: str | None, occurred_at: datetime,
    properties: dict[str, Any], trusted: bool = True,
) -> Contact:
    """What a touch point says to cases; members of an unexpected type say nothing. What a browser tells is not `trusted`: it may begin a case,
    but not speak in one that it names, nor choose who answers.
    """

    def text(name: str, limit: int = 500) -> str | None:
        value = properties.get(name)
        return value.strip()[:limit].replace("\x00", "") or None if isinstance(value, str) else None

    named = properties.get("references")
    references = tuple(each.strip("<> ")[:500] for each in named[-20:] if isinstance(each, str)) if isinstance(named, list) and trusted else ()
    answered, message = text("in_reply_to"), text("rfc_message_id") or text("message_id")  # written with and without angle brackets
    return Contact(
        interaction_id=interaction_id, identity=identity or None, kind=kind, channel=channel, initiator=initiator, purpose=purpose,
        occurred_at=occurred_at, subject=text("subject", 300) or text("summary", 300), language=_language(text("language", 40)),
        outcome=text("outcome", 200), thread=text("thread") if trusted else None, reply_to_message=answered.strip("<> ") if answered and trusted else None,
        references=references, message=message.strip("<> ") if message else None, conversation=text("conversation_id"),
        case_id=read_uuid(text("case_id")) if trusted else None, employee=text("employee_id", 320) if trusted else None,
        priority=text("priority", 10) if trusted else None,
        automatic=properties.get("automatic") is True,
    )


def read_uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def may_move(case: Case, status: str) -> bool:
    """Whether the case may go from its status to this one."""
    return status == case.status or status in _MOVES[case.status]


def raised(priority: str) -> str:
    """The next higher priority."""
    return PRIORITIES[min(PRIORITIES.index(priority) + 1, len(PRIORITIES) - 1)]


def changes(before: Case, after: Case) -> dict[str, list[Any]]:
    """Field -> [before, after] of what an observer would call changed."""
    quiet = {"changed_at", "version", "alarm_at", "route_at", "resolve_left", "paused_at"}
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(after, name))]
        for name in Case.__struct_fields__
        if name not in quiet and getattr(before, name) != getattr(after, name)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, (UUID, datetime)) else value


def _language(value: str | None) -> str | None:
    return value.partition("-")[0].lower() if value else None
