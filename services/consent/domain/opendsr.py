"""Requests as OpenDSR 1.0 has them (opengdpr/OpenDSR, specification.md): what is understood of one, and how far it is in its words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.consent.domain import privacy

VERSION: Final = "1.0"
TYPES: Final = ("access", "erasure", "portability")
#: identity_type -> kind of identity here; all in the format `raw`.
IDENTITIES: Final = {"email": "email", "phone_number": "phone", "controller_customer_id": "user"}

PENDING: Final = "pending"
IN_PROGRESS: Final = "in_progress"
COMPLETED: Final = "completed"
CANCELLED: Final = "cancelled"
#: State of a request here -> status there.
STATUS: Final[Mapping[str, str]] = {
    privacy.RECEIVED: PENDING, privacy.VERIFIED: PENDING, privacy.RUNNING: IN_PROGRESS, privacy.COMPLETED: COMPLETED, privacy.REFUSED: CANCELLED,
}


class BadRequest(Exception):
    """What is wrong with a request, in words for its controller; nothing of the person is repeated."""


class Asked(NamedTuple):
    """A well-formed request. `identities`: (kind, value)."""

    id: UUID
    kind: str
    regulation: str
    submitted_at: datetime
    identities: list[tuple[str, str]]


class Taken(NamedTuple):
    """A request that was taken; `request_id` is None when nobody is known under its identities: then nothing is held, and it is completed."""

    id: UUID
    kind: str
    controller: str
    regulation: str
    submitted_at: datetime
    received_at: datetime
    expected_at: datetime
    request_id: UUID | None
    cancelled_at: datetime | None = None


def read(body: bytes) -> Asked:
    """Raises BadRequest."""
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("the body is no JSON") from None
    if not isinstance(given, dict):
        raise BadRequest("the body is no JSON object")
    try:
        subject = UUID(str(given.get("subject_request_id")))
    except ValueError:
        raise BadRequest("subject_request_id is required: a UUID, version 4") from None
    kind, regulation = given.get("subject_request_type"), given.get("regulation", "gdpr")
    if kind not in TYPES:
        raise BadRequest(f"subject_request_type is required: one of {', '.join(TYPES)}")
    if regulation not in ("gdpr", "ccpa"):
        raise BadRequest("regulation is gdpr or ccpa")
    if str(given.get("api_version", VERSION)) not in (VERSION, "1"):
        raise BadRequest(f"api_version is {VERSION}")
    if given.get("status_callback_urls"):
        raise BadRequest("status_callback_urls are not called by this processor: leave them out and ask for the status")
    return Asked(subject, kind, regulation, _moment(given.get("submitted_time")), _identities(given.get("subject_identities")))


def status(taken: Taken, state: str | None) -> str:
    """How far it is; `state`: of the request here."""
    if taken.cancelled_at is not None:
        return CANCELLED
    return COMPLETED if state is None else STATUS[state]


def _moment(given: Any) -> datetime:
    try:
        found = msgspec.convert(given, datetime)
    except msgspec.ValidationError:
        raise BadRequest("submitted_time is required: a time after RFC 3339") from None
    if found.tzinfo is None:
        raise BadRequest("submitted_time needs an offset, such as Z")
    return found


def _identities(given: Any) -> list[tuple[str, str]]:
    if not isinstance(given, list) or not 0 < len(given) <= 20:
        raise BadRequest("subject_identities are required: 1 to 20")
    found = []
    for one in given:
        kind = IDENTITIES.get(str(one.get("identity_type"))) if isinstance(one, dict) else None
        if kind is None or one.get("identity_format", "raw") != "raw":
            raise BadRequest(f"an identity is not supported: identity_type is one of {', '.join(IDENTITIES)}, identity_format raw; GET …/discovery lists them")
        if not isinstance(one.get("identity_value"), str) or not one["identity_value"].strip():
            raise BadRequest("identity_value is required")
        found.append((kind, one["identity_value"].strip()))
    return found
