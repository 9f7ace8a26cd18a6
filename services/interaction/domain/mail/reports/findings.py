"""What a report says."""

from __future__ import annotations

from typing import Final, NamedTuple

BOUNCE: Final = "bounce"
DELIVERED: Final = "delivered"
COMPLAINT: Final = "complaint"


class Failed(NamedTuple):
    """One recipient. `status`: RFC 3463; `reply`: SMTP reply code or empty; `action`: as RFC 3464 has it."""

    recipient: str
    status: str
    reply: str
    hard: bool
    category: str
    action: str
    diagnostic: str


class Report(NamedTuple):
    """`kind`: bounce, delivered or complaint; `about`: Message-ID of the message it is about, or empty."""

    kind: str
    failed: list[Failed]
    about: str
    feedback: str = ""
