"""Privacy requests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.consent.schemas.given import Given, Language

Kind = Literal["access", "portability", "rectification", "erasure", "restriction", "objection"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class AskRequest(Given):
    """What a person asks for. `verified_by`: how it was made sure that it is them (a letter, a call back, an identity card, …)."""

    customer_id: UUID
    kind: Kind
    via: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")] = "office"
    language: Language | None = None
    verified_by: Words | None = None
    purpose: Annotated[str, StringConstraints(max_length=64)] | None = Field(None, description="Of an objection: what the person objects to.")
    channel: Annotated[str, StringConstraints(max_length=64)] | None = Field(None, description="Of an objection: on this channel only.")
    traits: Annotated[dict[str, Any], Field(max_length=50)] | None = Field(None, description="Of a rectification: what is right; null takes a trait away.")
    reason: Words | None = None


class VerifyRequest(Given):
    verified_by: Words


class CloseRequest(Given):
    outcome: Words = Field(description="What was answered; a refusal names its reason.")


class LiftRestriction(Given):
    reason: Words = Field(description="Why the data may be used again; the person is told before (GDPR 18.3).")


class RestrictionView(BaseModel):
    customer_id: UUID
    restricted: bool
    since: datetime | None


class ReceiptView(BaseModel):
    service: str
    erased: dict[str, int]
    acknowledged_at: datetime


class RequestView(BaseModel):
    """A request. `state`: received, verified, running (an erasure on its way through the services), completed or refused."""

    id: UUID
    customer_id: UUID
    kind: str
    state: str
    asked_at: datetime
    due_at: datetime
    overdue: bool
    due_soon: bool
    via: str
    language: str | None
    verified_at: datetime | None
    verified_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    details: dict[str, Any] = {}


class StepView(BaseModel):
    at: datetime
    step: str
    actor: str


class CopyView(BaseModel):
    """The archive that answers the request. `download_url` needs no key and ends at `expires_at`: hand it to the person alone."""

    made_at: datetime | None
    expires_at: datetime | None
    size: int | None
    sha256: str | None
    rows: dict[str, dict[str, int]]
    tries: int
    waits_for: str | None
    download_url: str | None


class RequestWithReceipts(RequestView):
    """`waiting_for`: services that have not acknowledged an erasure yet; `archive`: that of a request for a copy; `steps`: what was done."""

    receipts: list[ReceiptView]
    waiting_for: list[str]
    archive: CopyView | None = None
    steps: list[StepView] = []


class CertificateView(BaseModel):
    """`signature` (hex) is Ed25519 over the JSON of `certificate` with sorted keys and no blanks; the key `kid` stands in /.well-known/ecrm-permit-keys.json."""

    certificate: dict[str, Any]
    kid: str
    signature: str
