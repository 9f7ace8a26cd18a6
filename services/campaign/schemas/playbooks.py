"""HTTP shapes of playbooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from services.campaign.domain.playbooks import Playbook
from services.campaign.schemas.given import Given


class PlaybookView(Playbook):
    """`version` 0: as it ships; a changed one counts from 1."""

    version: int


class StartPlaybook(Given):
    """Who its mails come from, and the money it reckons in; without `launch` everything is made and waits as drafts."""

    from_address: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    launch: bool = True


class RunView(BaseModel):
    """`made`: ids of templates, programmes, rewards and messages of the site by their names in the playbook."""

    id: UUID
    key: str
    stage: str | None
    status: Literal["running", "stopped"]
    made: dict[str, dict[str, Any]]
    started_at: datetime
    stopped_at: datetime | None


class ChosenView(BaseModel):
    """`member_of`: the programmes of these playbooks, and whether the customer is in them."""

    customer_id: UUID
    stage: Literal["acquire", "enhance", "retain"]
    runs: list[RunView]
    member_of: dict[UUID, bool]
