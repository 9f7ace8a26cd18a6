"""Reports that a provider writes as JSON into a mail's text: Amazon's Simple Notification Service about mails of its Simple Email Service."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.interaction.domain.mail import wording
from services.interaction.domain.mail.letters import Letter
from services.interaction.domain.mail.reports import statuses
from services.interaction.domain.mail.reports.findings import BOUNCE, COMPLAINT, DELIVERED, Failed, Report

LONGEST: Final = 256 * 1024
#: The provider's own word for an address that will never be reached; `Transient` and `Undetermined` may.
_LASTING: Final = frozenset({"general", "noemail", "onaccountsuppressionlist", "suppressed"})


def read_notification(letter: Letter) -> Report | None:
    """The report, or None if the mail holds none."""
    text = next((part.text.strip() for part in letter.parts if part.type in ("text/plain", "application/json") and part.content), "")
    begin = text.find("{")
    if begin != 0 or len(text) > LONGEST or ("otificationType" not in text and "eventType" not in text):
        return None
    found = _object(text[: text.rfind("}") + 1].replace("\n ", "").replace("\n", ""))
    if isinstance(found.get("Message"), str):
        found = _object(found["Message"])
    kind = str(found.get("notificationType") or found.get("eventType") or "").lower()
    mail = _part(found, "mail")
    about = next(
        (str(each.get("value", "")).strip("<> ") for each in _list(mail, "headers") if str(each.get("name", "")).lower() == "message-id"), str(mail.get("messageId", ""))
    )
    if kind == "bounce":
        told = _part(found, "bounce")
        passing = str(told.get("bounceType", "")).lower() != "permanent" or str(told.get("bounceSubType", "")).lower() not in _LASTING
        failed = [_failed(each, passing=passing) for each in _list(told, "bouncedRecipients")]
        return Report(BOUNCE, [each for each in failed if each.recipient], about) if failed else None
    if kind == "complaint":
        told = _part(found, "complaint")
        type_ = wording.line(str(told.get("complaintFeedbackType") or "abuse"))[:40].lower()
        people = [_address(each) for each in _list(told, "complainedRecipients")]
        return Report(COMPLAINT, [Failed(address, "", "", False, type_, "", "") for address in people if address], about, type_)
    if kind == "delivery":
        people = [address for address in _part(found, "delivery").get("recipients", []) if isinstance(address, str) and wording.is_address(address)]
        return Report(DELIVERED, [Failed(address, "2.0.0", "250", False, "delivered", "delivered", "") for address in people], about)
    return None


def _failed(told: dict[str, Any], *, passing: bool) -> Failed:
    diagnostic = wording.line(str(told.get("diagnosticCode") or ""))[:1000]
    action = wording.line(str(told.get("action") or "failed"))[:20].lower()
    verdict = statuses.judge(diagnostic, told=str(told.get("status") or ""), action=action)
    hard = verdict.hard or (not passing and verdict.category == "other")
    return Failed(_address(told), verdict.status, verdict.reply, hard, verdict.category, action, diagnostic)


def _address(told: dict[str, Any]) -> str:
    listed = wording.addresses(str(told.get("emailAddress") or ""))
    return listed[0][1] if listed else ""


def _object(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(found: dict[str, Any], name: str) -> dict[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _list(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    part = found.get(name)
    return [each for each in part[:100] if isinstance(each, dict)] if isinstance(part, list) else []
