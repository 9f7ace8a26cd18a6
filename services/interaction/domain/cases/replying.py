"""An answer to a contact, as a touch point of the same kind: where it goes is read from what the customer sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

Properties = Mapping[str, Any]

#: What an answer takes over from the contact as it stands: it is said in the same place.
_KEPT: Final[dict[str, tuple[str, ...]]] = {
    "call": ("phone",), "call_centre": ("phone",), "telemarketing": ("phone",), "fax": ("number",), "fax_order": ("number",), "sms": ("phone",),
    "chat": ("conversation_id",), "social": ("network", "handle", "visibility"), "face_to_face": ("place",), "in_person": ("place",),
    "partner": ("partner_id",), "internal_system": ("system",),
}
#: What is so unless somebody says otherwise.
_ASSUMED: Final[dict[str, dict[str, Any]]] = {
    "call": {"answered": True, "duration_s": 0}, "fax": {"pages": 1}, "face_to_face": {"duration_s": 0}, "partner": {"action": "service"},
    "salesperson": {"action": "visit"},
}
_DIRECTED: Final = frozenset(
    "email fax letter chat sms social website other call_centre marketer internal_system catalogue telemarketing direct_mail fax_order web_shop".split()
)
_DATED: Final = ("letter", "direct_mail")
#: Kinds whose schema has no text of its own.
_SUMMED_UP: Final = ("face_to_face", "partner", "salesperson")


def reply_body(
    kind: str, text: str, *, answered: Properties, reply_id: str, today: date, fields: Properties, number: int, subject: str
) -> dict[str, Any]:
    """The touch point that answers; `answered` are the properties of the contact it answers (empty if that was of another kind)."""
    body: dict[str, Any] = {"kind": kind, "initiator": "company", **_ASSUMED.get(kind, {})}
    body |= {name: answered[name] for name in _KEPT.get(kind, ()) if name in answered}
    if kind in _DIRECTED:
        body["direction"] = "outbound"
    if kind in _DATED:
        body["letter_date"] = today.isoformat()
    if kind == "email":
        body |= _email(answered, reply_id=reply_id, number=number, subject=subject)
    body[_text_field(kind)] = text
    for name in ("thread", "conversation_id", "language"):
        if isinstance(answered.get(name), str):
            body.setdefault(name, answered[name])
    return {**body, **fields, "id": reply_id}


def _text_field(kind: str) -> str:
    if kind == "call":
        return "transcript"
    return "summary" if kind in _SUMMED_UP else "text"


def _email(answered: Properties, *, reply_id: str, number: int, subject: str) -> dict[str, Any]:
    """To whoever wrote, from where they wrote to, in their thread; the number in the subject finds the case when a client loses the headers."""
    domain = "case.invalid"
    found: dict[str, Any] = {}
    to = answered.get("to")
    if isinstance(to, list) and to and isinstance(to[0], str):
        found["from"] = to[0]
        domain = to[0].rpartition("@")[2].strip("> ") or domain
    if isinstance(answered.get("from"), str):
        found["to"] = [answered["from"]]
    message = answered.get("rfc_message_id") or answered.get("message_id")
    if isinstance(message, str):
        found["in_reply_to"] = message
        references = answered.get("references")
        found["references"] = [*(references if isinstance(references, list) else []), message][-20:]
    mark = f"[#{number}]"
    title = answered.get("subject") if isinstance(answered.get("subject"), str) else subject
    title = title if str(title).lower().startswith("re:") else f"Re: {title}"
    return {**found, "rfc_message_id": f"<{reply_id}@{domain}>", "subject": title if mark in str(title) else f"{title} {mark}"}
