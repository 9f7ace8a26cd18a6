"""A letter read as a report: which recipients were not reached, why, and which message it was about."""

from __future__ import annotations

import re
from typing import Final

from services.interaction.domain.mail import wording
from services.interaction.domain.mail.letters import Head, Letter, read_letter
from services.interaction.domain.mail.reports import providers, statuses, wordings
from services.interaction.domain.mail.reports.findings import BOUNCE, COMPLAINT, DELIVERED, Failed, Report

_RETURNED: Final = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
_STATUS: Final = ("message/delivery-status", "message/global-delivery-status")
_FIELD: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
#: Longer than any address, and short enough for patterns that look at words.
_LONG_WORDS: Final = re.compile(r"(\S{320})\S+")
_TYPED: Final = re.compile(r"^[ \t]*[A-Za-z0-9-]+[ \t]*;[ \t]*")
_ID: Final = re.compile(r"<([^<>\s]{1,400}@[^<>\s]{1,250})>")
_LOOSE_ID: Final = re.compile(r"^[ \t>]*Message-ID:[ \t]*(?:\n[ \t]+)?<([^<>\s]{1,400})>", re.IGNORECASE | re.MULTILINE)
_LOOSE_TO: Final = re.compile(r"^[ \t>]{0,8}To:[ \t]*(.{1,300})$", re.IGNORECASE | re.MULTILINE)


def read_report(letter: Letter, *, expected: bool = False) -> Report | None:
    """The report that a letter is, None for any other. `expected`: it came to an address where only reports are expected."""
    complaint = _complaint(letter)
    if complaint is not None:
        return complaint
    told = providers.read_notification(letter)
    if told is not None:
        return told
    within = _report_within(letter)
    if within is not None:
        return within
    returned = _returned(letter)
    notice = wordings.notice_of(_notice_text(letter))
    found = _from_status(letter, notice)
    if found is None:
        if not _is_bounce(letter, notice, expected=expected, returned=returned is not None):
            return None
        found = _from_words(letter, notice, returned)
        if not found and expected:  # the address it came to says which message it is about
            verdict = statuses.judge(notice)
            found = [Failed("", verdict.status, verdict.reply, verdict.hard, verdict.category, "failed", notice[:1000].strip())]
        if not found:
            return None
    about = _about(letter, returned)
    if found and all(each.action in ("delivered", "relayed", "expanded") for each in found):
        return Report(DELIVERED, found, about)
    return Report(BOUNCE, found, about)


def _report_within(letter: Letter) -> Report | None:
    """A report that somebody wrapped into a mail of its own (some gateways do): the report is what counts."""
    if any(part.type in _STATUS for part in letter.parts):
        return None
    for part in letter.parts:
        if part.head is not None and part.head.type == "multipart/report" and len(part.content) < 1_000_000:
            return read_report(read_letter(part.content))
    return None


def _complaint(letter: Letter) -> Report | None:
    """RFC 5965: a part with the feedback, one with the message it is about."""
    part = next((part for part in letter.parts if part.type == "message/feedback-report"), None)
    if part is None:
        return None
    fields = _fields(part.text)
    returned = _returned(letter)
    people = [address for value in fields.get("original-rcpt-to", []) for _, address in wording.addresses(value)]
    people += [address for value in fields.get("removal-recipient", []) for _, address in wording.addresses(value) if address not in people]
    if not people and returned is not None:
        people = [address for _, address in returned.addresses("to")][:1]
    kind = (fields.get("feedback-type") or ["abuse"])[0].strip().lower()[:40]
    failed = [Failed(address, "", "", False, kind, "", "") for address in dict.fromkeys(people)]
    about = _about(letter, returned) or next((found.group(1) for value in fields.get("original-mail-id", []) if (found := _ID.search(value))), "")
    return Report(COMPLAINT, failed, about, kind)


def _returned(letter: Letter) -> Head | None:
    return next((part.head for part in letter.parts if part.type in _RETURNED and part.head is not None and ("from" in part.head or "to" in part.head or "message-id" in part.head)), None)


def _about(letter: Letter, returned: Head | None) -> str:
    if returned is not None and (found := _ID.search(returned.raw("message-id"))):
        return found.group(1)
    for part in letter.parts:
        if part.type.startswith("text/") or part.type in _RETURNED or part.type == "message/disposition-notification":
            loose = _LOOSE_ID.search(part.text[:200_000])
            if loose:
                return loose.group(1)
    for name in ("in-reply-to", "references"):
        if found := _ID.search(letter.head.raw(name)):
            return found.group(1)
    return ""


def _notice_text(letter: Letter) -> str:
    texts = []
    for part in letter.parts:
        if part.type in _STATUS or part.head is not None:
            break
        if part.type == "text/plain" and part.content.strip():
            texts.append(part.text[: wordings.LONGEST])
        elif part.type == "text/html" and not texts:
            texts.append(wording.text_of_html(part.text[: 4 * wordings.LONGEST]))
    return _LONG_WORDS.sub(r"\1", "\n".join(texts))


def _fields(block: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match in _FIELD.finditer(block[:64_000]):
        found.setdefault(match.group(1).lower(), []).append(wording.header(match.group(2)))
    return found


def _from_status(letter: Letter, notice: str) -> list[Failed] | None:
    """RFC 3464; None without a status part that names a recipient."""
    part = next((part for part in letter.parts if part.type in _STATUS), None)
    text = part.text if part is not None else _loose_status(letter)
    if not text:
        return None
    failed: list[Failed] = []
    blocks = [_fields(block) for block in re.split(r"\n[ \t]*\n", text[:256_000])[:500]]
    alone = len({_address_of(fields).lower() for fields in blocks} - {""}) == 1
    for fields in blocks:
        address = _address_of(fields)
        if not address:
            continue
        action = (fields.get("action") or [""])[0].split("(")[0].strip().lower()
        diagnostic = _TYPED.sub("", (fields.get("diagnostic-code") or [""])[0])
        told = (fields.get("status") or [""])[0]
        spoken = notice.lower().find(address.lower())
        beside = wordings.passage(notice, spoken, None) if spoken >= 0 else notice
        verdict = statuses.judge(diagnostic, told=told, action=action, beside=beside if len(diagnostic) < 400 else "", session=notice if alone else "")
        failed.append(Failed(address, verdict.status, verdict.reply, verdict.hard, verdict.category, action, (diagnostic or beside)[:1000].strip()))
    return _once(failed) or None


def _loose_status(letter: Letter) -> str:
    """The fields of a report that stand in a plain text."""
    for part in letter.parts:
        if (part.head is None and part.type.startswith("text/")) or part.type in ("message/disposition-notification", "application/octet-stream"):
            at = re.search(r"^[ \t]*(?:Final|Original)-Recipient[ \t]*:", part.text[: wordings.LONGEST], re.IGNORECASE | re.MULTILINE)
            if at:
                return re.sub(r"^[ \t]+(?=[A-Za-z-]+:)", "", part.text[: 64_000], flags=re.MULTILINE)
    return ""


def _address_of(fields: dict[str, list[str]]) -> str:
    """The recipient as we wrote it, if the report says so, else as it was at last."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        for value in fields.get(name, []):
            given = _TYPED.sub("", value).strip().strip("<>")
            given = given.rpartition(":")[2] if given.startswith("@") else given
            listed = wording.addresses(given)
            address = given if wording.is_address(given) else listed[0][1] if listed else ""
            if address and not (name == "original-recipient" and address.lower().startswith(("unknown@", "undisclosed"))):
                return address
    return ""


def _is_bounce(letter: Letter, notice: str, *, expected: bool, returned: bool) -> bool:
    """Whether a mail without a status part speaks of a mail that came back: a machine's doing, and said so."""
    head = letter.head
    sender = f"{head.get('from')} {head.get('sender')}"
    score = 3 * ("x-failed-recipients" in head or head.parameter("report-type").startswith("delivery"))
    score += 2 * bool(wordings.MACHINE.search(sender) or not head.get("from").strip())
    score += 2 * bool(wordings.SUBJECT.match(head.get("subject")))
    score += head.raw("return-path").replace(" ", "") in ("<>", "<MAILER-DAEMON>") or "mailer-daemon" in head.raw("return-path").lower()
    score += bool(wordings.FAILURE.search(notice) or wordings.lists_recipients(notice))
    score += expected + returned
    return score >= 3


def _from_words(letter: Letter, notice: str, returned: Head | None) -> list[Failed]:
    head = letter.head
    listed = [address for _, address in head.addresses("x-failed-recipients") + head.addresses("x-bounced-address")]
    excluded = frozenset(
        address.lower()
        for name in ("from", "to", "sender", "reply-to", "return-path", "errors-to", "delivered-to", "cc")
        for _, address in head.addresses(name)
    )
    if returned is not None:
        excluded |= {address.lower() for name in ("from", "sender", "return-path") for _, address in returned.addresses(name)}
    spoken = wordings.recipients_of(notice, excluded=excluded - {address.lower() for address in listed})
    places = {address.lower(): start for address, start in spoken}
    if not listed:
        listed = [address for address, _ in spoken]
    if not listed:
        listed = _sent_to(letter, returned, excluded)
    failed = []
    action = "delayed" if _only_delayed(letter, notice) else "failed"
    starts = sorted(places.values())
    for address in listed:
        start = places.get(address.lower())
        about = notice if start is None or len(listed) == 1 else wordings.passage(notice, start, next((each for each in starts if each > start), None))
        own = wordings.passage(notice, start, next((each for each in starts if each > start), None)) if start is not None else notice
        verdict = statuses.judge(own, beside=notice if len(listed) == 1 else "", action=action)
        failed.append(Failed(address, verdict.status, verdict.reply, verdict.hard, verdict.category, action, about[:1000].strip()))
    return _once(failed)


def _only_delayed(letter: Letter, notice: str) -> bool:
    text = f"{letter.head.get('subject')}\n{notice}".lower()
    return bool(re.search(r"will (?:be retried|continue|keep|try again)|still being retried|warning only|do not need to resend|delivery attempts will continue|not yet been delivered|delayed|no action is required|will retry", text))


def _sent_to(letter: Letter, returned: Head | None, excluded: frozenset[str]) -> list[str]:
    """To whom the returned mail was sent, as the last resort."""
    if returned is not None:
        found = [address for _, address in returned.addresses("to")]
    else:
        found = []
        for part in letter.parts:
            if part.type.startswith("text/"):
                found = [address for match in _LOOSE_TO.finditer(part.text[:64_000]) for _, address in wording.addresses(match.group(1))]
    return [address for address in dict.fromkeys(found) if address.lower() not in excluded][:1]


def _once(failed: list[Failed]) -> list[Failed]:
    seen: dict[str, Failed] = {}
    for each in failed:
        before = seen.get(each.recipient.lower())
        if before is None or (each.hard and not before.hard):
            seen[each.recipient.lower()] = each
    return list(seen.values())
