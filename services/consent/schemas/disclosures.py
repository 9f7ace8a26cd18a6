"""The public list of what is collected."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class DisclosureView(BaseModel):
    """A field of a source: `place` is `traits.<name>`, `properties.<name>`, `context.<name>`, `fields.<name>` or `connection.<name>`, `*` all of the kind.

    `purpose` null: nobody has said yet what it is for. `first_seen` null: it may be collected and was not yet. With the mode `strict` nothing
    else is collected of the source, with `open` a new field comes on the list as it comes.
    """

    source: str
    source_name: str
    mode: Literal["open", "strict"]
    place: str
    purpose: str | None
    purpose_title: dict[str, str]
    legal_basis: str | None
    first_seen: datetime | None


class DisclosureList(BaseModel):
    data: list[DisclosureView]
