"""What kind of mail it is: a person's, a machine's, a bounce, a complaint; and which message of ours it answers or is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

from contracts import links
from services.interaction.domain.mail import wording
from services.interaction.domain.mail.letters import Head, Letter
from services.interaction.domain.mail.reports import Report, read_report

EMAIL: Final = "email"
MAX_REFERENCES: Final = 50

#: use, name -> the message of ours, None for a name that is none of ours.
Opener = Callable[[str, str], UUID | None]

_ID: Final = re.compile(r"<([^<>\s]{1,500})>")
_OURS: Final = re.compile(r"(?:^|[^a-z0-9])([a-z2-7]{39})(?=@)")
_PRECEDENCE: Final = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_MACHINES: Final = re.compile(r"^(?:mailer-daemon|postmaster|no-?_?\.?reply|do-?_?not-?_?reply|bounces?|auto-?_?(?:reply|responder|notify)|notifications?)(?:[+.@_-]|$)", re.IGNORECASE)
_SUBJECTS: Final = re.compile(
    r"^\W*(?:auto(?:matic|mated|matische)?[- ]?(?:reply|response|responder|antwort)|auto:|out of (?:the )?office|ooo:|away from|on vacation|abwesenheit|réponse automatique|respuesta automática|"
    r"risposta automatica|автоответ|پاسخ خودکار|自動応答|自动回复)",
    re.IGNORECASE,
)
#: Headers that only machines write, and the reason they give.
_HEADERS: Final = (
    ("list-id", "list"), ("list-unsubscribe", "list"), ("list-post", "list"), ("x-auto-response-suppress", "auto_response_suppress"), ("x-autoreply", "auto_reply"),
    ("x-autorespond", "auto_reply"), ("x-autoresponder", "auto_reply"), ("x-auto-reply-from", "auto_reply"), ("x-mail-autoreply", "auto_reply"), ("x-loop", "loop"),
)


class Way(NamedTuple):
    """How a mail came: the envelope's sender (None where nobody told, empty for none) and recipients."""

    sender: str | None
    recipients: tuple[str, ...]


class Sorted(NamedTuple):
    """`automatic`: why no person wrote it, or empty. `answers`: the message of ours it answers or is about; `proven`: it came to an address
    that only the message's recipient knew. `references`: Message-IDs, oldest first, without its own.
    """

    kind: str
    automatic: str
    report: Report | None
    message_id: str
    references: tuple[str, ...]
    answers: UUID | None
    proven: bool
    sender: tuple[str, str]


def sort_mail(letter: Letter, way: Way, opener: Opener) -> Sorted:
    """Decide from headers, envelope and parts alone."""
    head = letter.head
    bounced, answered = _addressed(head, way, opener)
    report = read_report(letter, expected=bounced is not None)
    message_id = _first_id(head.raw("message-id"))
    references = _references(head, message_id)
    ours = [found for each in reversed(references) if (found := _ours(each, opener)) is not None]
    about = _ours(report.about, opener) if report is not None and report.about else None
    answers = bounced or answered or about or (ours[0] if ours else None)
    senders = head.addresses("from") or head.addresses("sender")
    sender = senders[0] if senders else ("", way.sender if way.sender and wording.is_address(way.sender) else "")
    kind = EMAIL if report is None or report.kind == "delivered" else report.kind
    automatic = kind if kind != EMAIL else _automatic(head, way, sender[1], message_id, opener)
    if report is not None and report.kind == "delivered":
        automatic = "delivery_report"
    if not automatic and bounced is not None:
        automatic = "to_bounce_address"
    return Sorted(kind, automatic, report, message_id, references, answers, bounced is not None or answered is not None, sender)


def _addressed(head: Head, way: Way, opener: Opener) -> tuple[UUID | None, UUID | None]:
    """The message named by an address of ours for bounces, and by one for answers."""
    addresses = list(way.recipients[:100])
    for name in ("delivered-to", "x-original-to", "envelope-to", "to", "cc"):
        addresses += [address for _, address in head.addresses(name)]
    bounced = answered = None
    for address in addresses:
        use, _, name = address.partition("@")[0].lower().partition("-")
        if use == links.BOUNCES and bounced is None:
            bounced = opener(links.BOUNCES, name)
        elif use == links.ANSWERS and answered is None:
            answered = opener(links.ANSWERS, name)
    return bounced, answered


def _ours(message_id: str, opener: Opener) -> UUID | None:
    found = _OURS.search(message_id.lower())
    return opener(links.MESSAGE_ID, found.group(1)) if found else None


def _first_id(value: str) -> str:
    found = _ID.search(value)
    return found.group(1) if found else value.strip("<> ")[:500]


def _references(head: Head, own: str) -> tuple[str, ...]:
    """Of very many the first, which is the thread's, and the last ones."""
    found = [*_ID.findall(head.raw("references")), *_ID.findall(head.raw("in-reply-to"))]
    unique = [each for each in dict.fromkeys(found) if each != own]
    return tuple(unique if len(unique) <= MAX_REFERENCES else [unique[0], *unique[1 - MAX_REFERENCES :]])


def _automatic(head: Head, way: Way, sender: str, message_id: str, opener: Opener) -> str:
    """Why a mail is a machine's (RFC 3834 and what is usual beside it); empty for a person's."""
    submitted = head.raw("auto-submitted").partition(";")[0].split("(")[0].strip().lower()
    if _ours(message_id, opener) is not None or "x-ecrm-permit" in head:
        return "own_mail"
    if submitted and submitted != "no":
        return "auto_submitted"
    if head.raw("precedence").strip().lower() in _PRECEDENCE:
        return "precedence"
    for name, reason in _HEADERS:
        if name in head:
            return reason
    if way.sender == "" or (way.sender is None and head.raw("return-path").replace(" ", "") == "<>"):
        return "empty_return_path"
    if _MACHINES.match(sender):
        return "machine_address"
    if _SUBJECTS.match(head.get("subject")):
        return "subject"
    return ""


def root_of(sorted_: Sorted) -> str:
    """What a thread is named after when none of its messages is known here: our message, the oldest reference, else the mail itself."""
    if sorted_.answers is not None:
        return f"message:{sorted_.answers}"
    return next(iter(sorted_.references), sorted_.message_id)
