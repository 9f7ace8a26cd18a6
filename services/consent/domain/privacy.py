"""What people may ask of us about their data (GDPR articles 15 to 21), how far a request is, and what is certified at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

RECEIVED: Final = "received"
VERIFIED: Final = "verified"
RUNNING: Final = "running"
COMPLETED: Final = "completed"
REFUSED: Final = "refused"

ERASURE: Final = "erasure"
ACCESS: Final = "access"
PORTABILITY: Final = "portability"
RECTIFICATION: Final = "rectification"
RESTRICTION: Final = "restriction"
OBJECTION: Final = "objection"
KINDS: Final = (ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION, OBJECTION)
#: Answered by an archive that a job puts together as soon as it is known that the person asks.
COPIES: Final = frozenset({ACCESS, PORTABILITY})
#: Carried out here and at once by `carry-out`.
CARRIED_OUT: Final = frozenset({RECTIFICATION, RESTRICTION, OBJECTION})
#: Who has to say that nothing is left.
SERVICES: Final = ("analytics", "campaign", "consent", "customer", "interaction")
#: Facts stay in the event log for seven days and the segment they lie in.
LOG_LAPSES: Final = timedelta(days=8)
#: From so long before its day on, a request that is not answered is warned of.
WARNED_BEFORE: Final = timedelta(days=7)


class Request(NamedTuple):
    """`via`: where it was asked; `verified_by`: how it was made sure that it is the person who asks; `outcome`: what was answered;
    `details`: what is asked in particular (an objection's purpose, a rectification's traits).
    """

    id: UUID
    customer_id: UUID
    kind: str
    state: str
    asked_at: datetime
    due_at: datetime
    via: str
    language: str | None
    verified_at: datetime | None = None
    verified_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: str | None = None
    details: Mapping[str, Any] = {}


class Step(NamedTuple):
    """What was done about a request."""

    at: datetime
    step: str
    actor: str


class Copy(NamedTuple):
    """How far the archive of a request is; `counts`: rows by service and table."""

    request_id: UUID
    tries: int
    waits_for: str | None = None
    made_at: datetime | None = None
    expires_at: datetime | None = None
    size: int | None = None
    sha256: bytes | None = None
    counts: Mapping[str, Any] = {}


class Receipt(NamedTuple):
    """What a service has erased, rows by table."""

    service: str
    erased: Mapping[str, int]
    acknowledged_at: datetime


def missing(receipts: list[Receipt]) -> list[str]:
    """Services that have not acknowledged yet."""
    return sorted(set(SERVICES) - {receipt.service for receipt in receipts})


def certificate(request: Request, receipts: list[Receipt]) -> dict[str, Any]:
    """What is signed when all have acknowledged: no personal data."""
    completed = max(receipt.acknowledged_at for receipt in receipts)
    return {
        "type": "erasure", "request_id": str(request.id), "asked_at": request.asked_at.isoformat(), "completed_at": completed.isoformat(),
        "log_lapses_at": (completed + LOG_LAPSES).isoformat(),
        "services": {
            receipt.service: {"acknowledged_at": receipt.acknowledged_at.isoformat(), "erased": dict(sorted(receipt.erased.items()))}
            for receipt in sorted(receipts)
        },
    }
