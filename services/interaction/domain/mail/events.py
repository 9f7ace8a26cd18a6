"""From a sorted mail to the events that are recorded of it: one for a letter, one for each recipient of a report."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

from contracts import cards
from services.interaction.domain.mail import wording
from services.interaction.domain.mail.letters import Head, Letter
from services.interaction.domain.mail.reports import Failed
from services.interaction.domain.mail.sorting import EMAIL, Sorted

#: Bytes of text that an event holds; a longer mail is kept whole beside it.
MAX_TEXT: Final = 16 * 1024
MAX_ATTACHMENTS: Final = 50
MAX_RECIPIENTS: Final = 50
#: A date a mail bears is believed within these bounds of its arrival.
OLDEST: Final = timedelta(days=7)
NEWEST: Final = timedelta(minutes=5)

#: The note of a mail in which numbers of payment cards were replaced.
CARD_NUMBER: Final = "card_number_masked"

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,2}")
_NAME: Final = re.compile(r"[/\\:*?\"<>|]")


class Attached(NamedTuple):
    """A file that is kept: its name and type as told, its content."""

    name: str
    type: str
    sha256: str
    content: bytes

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name, "type": self.type, "size": len(self.content), "sha256": self.sha256, "link": f"/api/v1/attachments/{self.sha256}",
        }


class Told(NamedTuple):
    """An event to be: `about` is the address it belongs to (a sender's or a recipient's), empty when there is none."""

    id: str
    kind: str
    about: str
    occurred_at: datetime
    body: dict[str, Any]


def attachments_of(letter: Letter, raw: bytes) -> list[Attached]:
    """What was attached, at most 50 files; and the mail itself wherever reading it left something out."""
    found: list[Attached] = []
    for number, part in enumerate(letter.attachments()):
        if len(found) == MAX_ATTACHMENTS:
            break
        name = _NAME.sub("_", wording.line(part.name)).strip(". ") or f"part-{number + 1}"
        type_ = part.type if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}", part.type) else "application/octet-stream"
        content = part.content
        if type_.startswith("text/") and (masked := cards.masked(part.text)) != part.text:
            content = masked.encode()
        found.append(Attached(cards.masked(name[:200]), type_, sha256(content).hexdigest(), content))
    if _names_card(letter):  # the mail as it came is not kept
        letter.notes.append(CARD_NUMBER)
        return found
    if letter.notes or len(letter.attachments()) > MAX_ATTACHMENTS or len(letter.text().encode("utf-8", "replace")) > MAX_TEXT:
        found.append(Attached("original.eml", "message/rfc822", sha256(raw).hexdigest(), raw))
    return found


def tell(
    letter: Letter, sorted_: Sorted, *, thread: UUID, attached: list[Attached], received_at: datetime, automatic: str
) -> list[Told]:
    """The events of a mail. Equal mails tell equal events, however often and by whichever way they come."""
    head = letter.head
    occurred_at, dated = _moment(head, received_at)
    text = letter.text()
    shared: dict[str, Any] = {
        "direction": "inbound", "thread": str(thread), "message_id": sorted_.message_id, "rfc_message_id": sorted_.message_id,
        "in_reply_to": sorted_.references[-1] if sorted_.references else None, "references": list(sorted_.references),
        "from": sorted_.sender[1], "from_name": cards.masked(sorted_.sender[0]) or None, "to": _mailboxes(head, "to"), "cc": _mailboxes(head, "cc") or None,
        "subject": cards.masked(head.get("subject")[:1000]), "sent_at": dated, "automatic": bool(automatic), "automatic_reason": automatic or None,
        "reply_to_message": str(sorted_.answers) if sorted_.answers else None, "proven": sorted_.proven or None,
        "language": _language(head), "reading_notes": letter.notes or None,
    }
    identity = _identity(shared, text, attached)
    cut, whole = _cut(cards.masked(text[: MAX_TEXT + 64]))  # so much more that no number is cut in two
    whole = whole and len(text) <= MAX_TEXT + 64
    if sorted_.kind == EMAIL:
        body = _without_nothing({
            "kind": EMAIL, "initiator": "customer", **shared, "text": cut, "text_cut": None if whole else True,
            "attachments": [each.described() for each in attached],
        })
        return [Told(identity, EMAIL, sorted_.sender[1], occurred_at, body)]
    assert sorted_.report is not None
    told = []
    for number, failed in enumerate(sorted_.report.failed or [Failed("", "", "", False, "", "", "")]):
        body = _without_nothing({
            "kind": sorted_.kind, "initiator": "company", **shared, **_outcome(sorted_, failed),
            "attachments": [each.described() for each in attached] if number == 0 else [],
        })
        told.append(Told(f"{identity}-{number}" if number else identity, sorted_.kind, failed.recipient, occurred_at, body))
    return told


def _names_card(letter: Letter) -> bool:
    """Whether the number of a payment card stands where a mail is read: its text, its subject, or a file of text."""
    texts = (part.text for part in letter.attachments() if part.type.startswith("text/"))
    return any(map(cards.holds_number, (letter.text(), letter.head.get("subject"), *texts)))


def _outcome(sorted_: Sorted, failed: Failed) -> dict[str, Any]:
    assert sorted_.report is not None
    if sorted_.kind == "complaint":
        return {"recipient": failed.recipient or None, "feedback": sorted_.report.feedback, "about": sorted_.report.about or None}
    return {
        "recipient": failed.recipient or None, "status": failed.status, "reply": cards.masked(failed.reply or "") or None, "hard": failed.hard, "category": failed.category,
        "action": failed.action, "diagnostic": cards.masked(wording.plain(failed.diagnostic)[:1000]), "about": sorted_.report.about or None,
    }


def _identity(shared: dict[str, Any], text: str, attached: list[Attached]) -> str:
    """One name for one mail: what the sender wrote, not the marks of the way it took."""
    names = ("message_id", "from", "subject", "sent_at")
    said = "\x00".join([*(str(shared[name]) for name in names), text, *(each.sha256 for each in attached if each.type != "message/rfc822" or each.name != "original.eml")])
    return f"mail-{sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _moment(head: Head, received_at: datetime) -> tuple[datetime, str | None]:
    """When it was written, and that as told; a date nobody can believe is that of its arrival."""
    try:
        found = parsedate_to_datetime(head.raw("date")[:200])
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return received_at, None
    return (found if received_at - OLDEST <= found <= received_at + NEWEST else received_at), found.isoformat()


def _mailboxes(head: Head, name: str) -> list[str]:
    return list(dict.fromkeys(address for _, address in head.addresses(name)))[:MAX_RECIPIENTS]


def _language(head: Head) -> str | None:
    found = _LANGUAGE.match(head.raw("content-language"))
    return found.group(0) if found else None


def _cut(text: str) -> tuple[str, bool]:
    raw = text.encode("utf-8", "replace")
    return (text, True) if len(raw) <= MAX_TEXT else (raw[:MAX_TEXT].decode("utf-8", "ignore"), False)


def _without_nothing(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
