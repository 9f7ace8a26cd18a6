"""What a row of a file of old consents must say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from contracts.identity import BadIdentity, identity_key, parse_identity
from services.consent.domain.statements import ANY, DOUBLE_OPT_IN, GRANTED, WITHDRAWN, Purpose

TARGETS: Final = (
    "customer_id", "identity", "email", "phone", "user_id", "purpose", "channel", "state", "said_at", "wording_version", "language", "source",
    "evidence", "confirmed_at",
)
ALIKE: Final = {
    "mail": "email", "e_mail": "email", "telephone": "phone", "mobile": "phone", "userid": "user_id", "customerid": "customer_id",
    "status": "state", "consent": "state", "date": "said_at", "given_at": "said_at", "timestamp": "said_at", "consented_at": "said_at",
    "proof": "evidence", "wording": "wording_version", "lang": "language",
}
#: What files write for the two states.
STATES: Final = {
    "granted": GRANTED, "grant": GRANTED, "yes": GRANTED, "true": GRANTED, "1": GRANTED, "opt_in": GRANTED, "optin": GRANTED,
    "subscribed": GRANTED, "withdrawn": WITHDRAWN, "withdraw": WITHDRAWN, "no": WITHDRAWN, "false": WITHDRAWN, "0": WITHDRAWN,
    "opt_out": WITHDRAWN, "optout": WITHDRAWN, "unsubscribed": WITHDRAWN,
}
_KINDS: Final = {"email": "email", "phone": "phone", "user_id": "user"}
_encode = msgspec.json.Encoder(order="sorted").encode


class Listed(NamedTuple):
    """A row that can be recorded. `identity` is the folded key (`kind:value`); `digest` is over all it says."""

    customer_id: UUID | None
    identity: str | None
    purpose: str
    channel: str
    state: str
    said_at: datetime
    wording_version: int | None
    language: str | None
    source: str
    evidence: dict[str, Any]
    digest: bytes


class Misfit(Exception):
    """Why a row cannot be taken."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read_row(cells: Mapping[str, Any], defined: Mapping[str, Purpose], *, name: str, now: datetime, zone: Any = UTC) -> Listed:
    """Raises Misfit. `name` of the import is the source where a row names none."""
    customer_id, identity = _subject(cells)
    purpose = defined.get(str(cells.get("purpose", "")))
    if purpose is None:
        raise Misfit("unknown_purpose", "`purpose` names none that is defined; GET /api/v1/purposes lists them")
    channel = str(cells.get("channel") or (purpose.channels[0] if len(purpose.channels) == 1 else ""))
    if channel not in purpose.channels:
        raise Misfit("unknown_channel", f"`channel` must be one of {', '.join(purpose.channels)}")
    state = STATES.get(str(cells.get("state", "")).strip().casefold().replace("-", "_").replace(" ", "_"))
    if state is None:
        raise Misfit("unknown_state", "`state` must be granted or withdrawn")
    said_at = _moment(cells.get("said_at"), "said_at", zone)
    if said_at > now + timedelta(seconds=60):
        raise Misfit("said_in_future", "`said_at` lies in the future")
    version = _version(cells.get("wording_version"), purpose)
    evidence = _evidence(cells)
    if state == GRANTED and not evidence:
        raise Misfit("evidence_missing", "a grant needs `evidence`: how do you know? Any further column counts as evidence, too")
    if cells.get("confirmed_at") is not None:
        evidence["confirmed_at"] = _moment(cells["confirmed_at"], "confirmed_at", zone).isoformat()
    elif state == GRANTED and purpose.basis == DOUBLE_OPT_IN:
        raise Misfit("confirmation_missing", "this purpose asks for double opt-in: a grant needs `confirmed_at`")
    language = str(cells["language"])[:35] if cells.get("language") else None
    source = str(cells.get("source") or f"import:{name}")[:200]
    said = [str(customer_id) if customer_id else identity, purpose.purpose, channel, state, said_at, version, language, evidence]
    return Listed(
        customer_id, identity, purpose.purpose, channel, state, said_at, version, language, source, evidence, hashlib.sha256(_encode(said)).digest()
    )


def _subject(cells: Mapping[str, Any]) -> tuple[UUID | None, str | None]:
    if cells.get("customer_id"):
        try:
            return UUID(str(cells["customer_id"])), None
        except ValueError:
            raise Misfit("bad_subject", "`customer_id` is no id of a customer") from None
    try:
        if cells.get("identity"):
            return None, str(parse_identity(str(cells["identity"])))
        for column, kind in _KINDS.items():
            if cells.get(column):
                return None, str(identity_key(kind, str(cells[column])))
    except BadIdentity as bad:
        raise Misfit("bad_subject", f"nobody can be named so: {bad}") from None
    raise Misfit("bad_subject", "name the person by customer_id, identity (kind:value), email, phone or user_id")


def _moment(value: Any, name: str, zone: Any) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise Misfit("bad_time", f"`{name}` must be a time such as 2024-05-01T10:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _version(value: Any, purpose: Purpose) -> int | None:
    if value in (None, ""):
        return None
    if not str(value).isdecimal() or not 1 <= int(str(value)) <= purpose.version:
        raise Misfit("unknown_wording", f"`wording_version` must be a whole number from 1 to {purpose.version}")
    return int(str(value))


def _evidence(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence column, as JSON where it is an object, and every column that means nothing else."""
    found = {name: value for name, value in cells.items() if name not in TARGETS}
    told = cells.get("evidence")
    if isinstance(told, str) and told.lstrip().startswith("{"):
        try:
            told = msgspec.json.decode(told)
        except (msgspec.DecodeError, RecursionError):
            raise Misfit("bad_evidence", "`evidence` begins like JSON and is none") from None
    if isinstance(told, dict):
        found |= told
    elif told not in (None, "", [], {}):
        found["told"] = told
    if len(_encode(found)) > 8192 or b"\\u0000" in _encode(found) or ANY in found:
        raise Misfit("bad_evidence", "evidence has at most 8 KiB and no NUL")
    return found
