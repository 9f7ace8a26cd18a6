"""Exports for an audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.consent.schemas.given import Given

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SealedView(BaseModel):
    at: datetime
    at_us: int


class ExportedFile(Given):
    records: Annotated[int, Field(ge=0)]
    hash: Hash


class AskManifest(Given):
    """`at_us`: batches that were closed before then had all their messages exported."""

    at_us: Annotated[int, Field(ge=0, lt=2**53)]
    files: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z]{1,32}$")], ExportedFile], Field(min_length=1, max_length=16)]


class ManifestView(BaseModel):
    kid: str
    signature: str
