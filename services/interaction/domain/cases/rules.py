"""Which contacts open cases, and how: data that can be changed while everything runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.interaction.domain.cases.model import FRONT_DESK, PRIORITIES, Contact

Priority = Literal["low", "normal", "high", "urgent"]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
#: A skill, and the level that is needed at least: `billing`, `billing:3`.
Skill = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f]{1,60}(:[1-5])?$", strip_whitespace=True)]

#: Kinds of contact that ask for an answer when the customer began them.
ASKING: Final = (
    "email", "call", "fax", "letter", "chat", "sms", "social", "form", "visit", "post", "face_to_face", "website", "other", "call_centre", "marketer", "salesperson", "telemarketing", "direct_mail",
    "partner", "in_person", "board_post", "fax_order", "catalogue", "web_shop", "internal_system",
)


class KindRule(BaseModel):
    """How a kind of contact becomes a case; `team_id` is the queue it enters."""

    model_config = ConfigDict(extra="forbid")

    opens: bool = True
    kind: Word = "service"
    priority: Priority = "normal"
    team_id: UUID | None = None
    skills: list[Skill] = Field(default=[], max_length=20)


class TierRule(BaseModel):
    """What is different for customers of a tier."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority | None = None
    team_id: UUID | None = None


class CaseRules(BaseModel):
    """`kinds`: contacts begun by customers that open cases. `purposes`: contacts with such a purpose do, whatever their kind.

    A contact older than `oldest_hours` opens nothing: history that is brought in later asks for no answer. A resolved case is reopened by
    what the customer says within `reopen_days` and closed after `close_days`. `join_hours`: a contact that names no talk continues the
    customer's only open case if that had a contact within so many hours; 0 never. `tier_trait` values choose the rule in `tiers`.
    """

    model_config = ConfigDict(extra="forbid")

    kinds: dict[Word, KindRule] = Field(default={kind: KindRule() for kind in ASKING}, max_length=200)
    purposes: dict[Word, KindRule] = Field(default={"service": KindRule()}, max_length=20)
    tiers: dict[str, TierRule] = Field(default={}, max_length=100)
    oldest_hours: int = Field(72, ge=0, le=87_600)
    reopen_days: int = Field(14, ge=0, le=3650)
    close_days: int = Field(14, ge=0, le=3650)
    join_hours: int = Field(0, ge=0, le=720)


class Opening(BaseModel):
    """How a new case begins."""

    kind: str
    priority: str
    team_id: UUID
    skills: list[str]


def opening(rules: CaseRules, contact: Contact, *, tier: str | None, now: datetime) -> Opening | None:
    """How the contact opens a case, or None when it opens none."""
    if contact.initiator != "customer" or contact.automatic or contact.occurred_at < now - timedelta(hours=rules.oldest_hours):
        return None
    rule = rules.kinds.get(contact.kind) or (rules.purposes.get(contact.purpose) if contact.purpose else None)
    if rule is None or not rule.opens:
        return None
    ours = rules.tiers.get(tier) if tier else None
    priority = contact.priority if contact.priority in PRIORITIES else rule.priority
    if ours and ours.priority:
        priority = max(priority, ours.priority, key=PRIORITIES.index)
    return Opening(
        kind=contact.purpose if rule.kind == "service" and contact.purpose == "sales" else rule.kind, priority=priority,
        team_id=(ours and ours.team_id) or rule.team_id or FRONT_DESK, skills=list(rule.skills),
    )
