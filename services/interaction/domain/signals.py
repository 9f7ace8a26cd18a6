"""Which events carry a refusal: they can only narrow what the ledger allows."""

from __future__ import annotations

from typing import Any, Final

from contracts.collected import CleanEvent
from contracts.interaction import ConsentSignalSeen

GPC: Final = "gpc"
UNSUBSCRIBE: Final = "unsubscribed"
COMPLAINT: Final = "spam"

#: Only a server knows what became of a mail.
MAIL_SIGNALS: Final = {"Email Unsubscribed": UNSUBSCRIBE, "Unsubscribed": UNSUBSCRIBE, "Email Marked as Spam": COMPLAINT}
_EVIDENCE: Final = ("email_id", "campaign_id", "message_id")


def signal_of(event: CleanEvent, identity: str) -> ConsentSignalSeen | None:
    """The signal an event carries, if any."""
    stamp = event.stamp
    signal = MAIL_SIGNALS.get(event.name) if event.kind == "track" and stamp.authority == "server" else None
    if signal is None and not stamp.gpc:
        return None
    evidence: dict[str, Any] = {"id": stamp.id}
    if signal is not None:
        evidence |= {name: event.properties[name] for name in _EVIDENCE if isinstance(event.properties.get(name), (str, int))}
    return ConsentSignalSeen(
        identity=identity,
        signal=signal or GPC,
        channel="email" if signal else None,
        seen_at=stamp.received_at,
        source=stamp.source,
        evidence=evidence,
    )
