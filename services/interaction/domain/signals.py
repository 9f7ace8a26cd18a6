"""Which events carry a refusal, which can only narrow what the ledger allows; and which tell that a message came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from contracts.collected import CleanEvent
from contracts.identity import identity_hash
from contracts.interaction import BounceReceived, ComplaintReceived, ConsentSignalSeen, ReplyReceived
from services.interaction.domain.collecting import identities

GPC: Final = "gpc"
UNSUBSCRIBE: Final = "unsubscribed"
COMPLAINT: Final = "spam"
#: A permission somebody gave in a form of ours; it names its purpose.
GRANTED: Final = "granted"

#: Only a server knows what became of a mail.
MAIL_SIGNALS: Final = {"Email Unsubscribed": UNSUBSCRIBE, "Unsubscribed": UNSUBSCRIBE, "Email Marked as Spam": COMPLAINT}
#: A server's word that a mail came back, and the words for one that may still arrive later.
BOUNCED: Final = "Email Bounced"
_SOFT: Final = frozenset({"soft", "transient", "temporary", "deferred", "delayed", "block"})
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


#: Bytes without which a context says nothing of consent; looked for first, since most events say nothing.
CONSENT_MARK: Final = b'"consent":{'
#: The types of Google Consent Mode v2, and where tags put them inside `context.consent`.
MODE_TYPES: Final = ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")
_MODE_PLACES: Final = ("consent_mode", "consentMode", "googleConsentMode")
#: A category of the source's consent banner was refused; the signal names the purpose the source's table gives it.
CATEGORY: Final = "category"
MODE: Final = "consent_mode:"


def banner_signals(event: CleanEvent, identity: str, purposes: Mapping[str, str]) -> Iterator[ConsentSignalSeen]:
    """What a consent banner's answers in the context refuse: Segment's `consent.categoryPreferences` and Google Consent Mode v2.

    `purposes`: category or type -> purpose, as the source is set; of Google's types that it does not name the platform's own table speaks.
    What is granted says nothing here: an event narrows what the ledger allows and never widens it. Categories nobody mapped are left out.
    """
    said = event.context.get("consent")
    if type(said) is not dict:
        return
    preferences = said.get("categoryPreferences")
    refused = [str(name) for name, value in preferences.items() if value is False] if type(preferences) is dict else []
    told = {**said, **{name: value for place in _MODE_PLACES if type(inner := said.get(place)) is dict for name, value in inner.items()}}
    refused += [name for name in MODE_TYPES if type(value := told.get(name)) is str and value.strip().casefold() == "denied"]
    stamp = event.stamp
    for category in dict.fromkeys(refused):
        purpose = purposes.get(category)
        if purpose is None and category not in MODE_TYPES:
            continue
        yield ConsentSignalSeen(
            identity=identity, signal=CATEGORY if purpose else f"{MODE}{category}", purpose=purpose, seen_at=stamp.received_at, source=stamp.source,
            evidence={"id": stamp.id, "category": category[:100]},
        )


def bounce_of(event: CleanEvent, identity: str, *, secret: bytes) -> BounceReceived | None:
    """The mail that came back, if the event tells of one and names the address: in its properties or among the traits of the context."""
    stamp = event.stamp
    if event.name != BOUNCED or event.kind != "track" or stamp.authority != "server":
        return None
    properties, context = event.properties, event.context
    traits = context.get("traits")
    for told in (properties.get("email"), properties.get("recipient"), traits.get("email") if isinstance(traits, dict) else None):
        key = identities.email_key(told)
        if key is not None:
            break
    else:
        return None
    kind = next((str(properties[name]).strip().casefold() for name in ("bounce_type", "bounceType", "type") if name in properties), "hard")
    reason = properties.get("reason")
    return BounceReceived(
        identity=identity, address=identity_hash(key, secret).hex(), channel="email", hard=kind not in _SOFT, bounced_at=stamp.timestamp,
        source=stamp.source, reason=reason[:300] if isinstance(reason, str) else None,
    )


#: What a person meant by it (RFC 5965 and 6650); reports about authentication or viruses, and `not-spam`, are no complaint.
_COMPLAINTS: Final = {"abuse": COMPLAINT, "fraud": COMPLAINT, "miscategorized": COMPLAINT, "opt-out": UNSUBSCRIBE, "opt-out-list": UNSUBSCRIBE}


#: A report that anybody may have sent: the address it names is not believed, only the message it proves to be about.
UNTRUSTED: Final = "untrusted_report"


def mail_bounce_of(event: CleanEvent, identity: str, *, secret: bytes) -> BounceReceived | None:
    """A bounce that came by mail; None for one that neither names an address to be believed nor proves which message it is about."""
    properties, stamp = event.properties, event.stamp
    address = _address(event, secret)
    if not address and _text(properties.get("reply_to_message")) is None:
        return None
    return BounceReceived(
        identity=identity or address, address=address, channel="email", hard=properties.get("hard") is True, bounced_at=stamp.timestamp,
        source=stamp.source, reason=_text(properties.get("category")), status=_text(properties.get("status")),
        message_id=_text(properties.get("reply_to_message")),
    )


def complaint_of(event: CleanEvent, identity: str, *, secret: bytes) -> ComplaintReceived | None:
    """A complaint that came by mail; None for a report that is none, or that names neither an address nor a customer."""
    properties, stamp = event.properties, event.stamp
    feedback = _text(properties.get("feedback")) or ""
    address = _address(event, secret)
    if feedback not in _COMPLAINTS or not (identity or address):
        return None
    return ComplaintReceived(
        identity=identity or address, address=address, channel="email", feedback=feedback, complained_at=stamp.timestamp, source=stamp.source,
        message_id=_text(properties.get("reply_to_message")),
    )


def signal_of_complaint(complaint: ComplaintReceived) -> ConsentSignalSeen:
    """A complaint refuses further messages, as a click on unsubscribe does."""
    return ConsentSignalSeen(
        identity=complaint.identity, signal=_COMPLAINTS[complaint.feedback], channel="email", seen_at=complaint.complained_at, source=complaint.source,
        evidence={"feedback": complaint.feedback, **({"message_id": complaint.message_id} if complaint.message_id else {})},
    )


def reply_of(event: CleanEvent, identity: str) -> ReplyReceived | None:
    """The answer to a message of ours that a mail is, if a person wrote it and who tells of it is believed."""
    properties, stamp = event.properties, event.stamp
    if event.kind != "email" or stamp.authority != "server" or properties.get("automatic") is True:
        return None
    try:
        message_id = UUID(str(properties.get("reply_to_message")))
    except ValueError:
        return None
    return ReplyReceived(identity=identity, message_id=str(message_id), channel="email", replied_at=stamp.timestamp, source=stamp.source)


def _address(event: CleanEvent, secret: bytes) -> str:
    """The keyed hash (hex) of the address a report names, if it is to be believed."""
    key = None if UNTRUSTED in event.stamp.notes else identities.email_key(event.properties.get("recipient"))
    return identity_hash(key, secret).hex() if key else ""


def _text(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) and value else None
