"""Cases, notes on customers, and figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.interaction.domain.cases.rules import Priority, Skill, Word
from services.interaction.schemas.employees import Language
from services.interaction.schemas.given import Given

Subject = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$", strip_whitespace=True)]
Content = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$", strip_whitespace=True)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)]
Outcome = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$", strip_whitespace=True)]
Knowledge = Literal["habit", "preference", "trait", "need"]


class OpenCase(Given):
    """A case by hand; `customer` is an identity key, `customer_id` the customer's id. Without `employee_id` routing finds somebody."""

    model_config = ConfigDict(json_schema_extra={"example": {"subject": "Lamp arrived broken", "customer": "user:42", "priority": "high"}})

    subject: Subject
    kind: Word | None = None
    priority: Priority | None = None
    channel: Word | None = None
    language: Language | None = None
    skills: list[Skill] = Field(default=[], max_length=20)
    tags: list[Tag] = Field(default=[], max_length=50)
    customer: Annotated[str, Field(max_length=600)] | None = None
    customer_id: UUID | None = None
    team_id: UUID | None = None
    employee_id: UUID | None = None


class ChangeCase(Given):
    """Only what is sent changes. `status`: open, waiting (for the customer), resolved or closed; `outcome` says how it ended."""

    subject: Subject = ""
    kind: Word = "service"
    priority: Priority = "normal"
    language: Language | None = None
    skills: list[Skill] = Field(default=[], max_length=20)
    tags: list[Tag] = Field(default=[], max_length=50)
    status: Literal["open", "waiting", "resolved", "closed"] = "open"
    outcome: Outcome | None = None


class AssignCase(Given):
    """To an employee, or into the queue of a team (`team_id`), or back to its own queue (neither)."""

    employee_id: UUID | None = None
    team_id: UUID | None = None


class AddNote(Given):
    content: Content
    employee_id: UUID | None = None


class Relate(Given):
    case_id: UUID
    kind: Literal["related", "duplicate", "parent", "follows"] = "related"


class Merge(Given):
    into: UUID


class Reply(Given):
    """`kind`: on which channel, else the one the customer used last. `fields`: what that kind of contact needs beside what is known."""

    text: Content
    kind: Word | None = None
    fields: dict[str, Any] = Field(default={}, max_length=50)
    employee_id: UUID | None = None
    status: Literal["open", "waiting", "resolved"] = "waiting"

    @model_validator(mode="after")
    def _only_its_own(self) -> Reply:
        if self.fields.keys() & {"kind", "initiator", "case_id"}:
            raise ValueError("`fields` are those of the kind of contact; kind, initiator and case are set already")
        return self


class RepliedView(BaseModel):
    """The id of the touch point that records the answer; it can be seen as soon as the log was read."""

    interaction_id: str


class CaseView(BaseModel):
    """`identity`: keyed hash; `waited_s`: from when it was opened until somebody had it for the first time."""

    id: UUID
    number: int
    status: str
    kind: str
    priority: str
    subject: str
    channel: str
    language: str | None
    skills: list[str]
    tags: list[str]
    tier: str | None
    identity: str | None
    customer_id: UUID | None
    team_id: UUID
    team: str
    employee_id: UUID | None
    employee: str | None
    opened_at: datetime
    opened_by: str
    changed_at: datetime
    responsible_at: datetime | None
    waited_s: float | None
    answered_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    resolutions: int
    merged_into: UUID | None
    policy_id: UUID | None
    answer_due: datetime | None
    resolve_due: datetime | None
    paused_at: datetime | None
    version: int


class RelationView(BaseModel):
    case_id: UUID
    kind: str
    backwards: bool


class AlarmView(BaseModel):
    target: str
    level: str
    due_at: datetime
    raised_at: datetime


class SurveyView(BaseModel):
    resolution: int
    employee_id: UUID | None
    asked_at: datetime
    score: int | None
    remark: str | None
    answered_at: datetime | None


class FullCaseView(CaseView):
    relations: list[RelationView]
    alarms: list[AlarmView]
    surveys: list[SurveyView]


class ContactView(BaseModel):
    """`delivery` of an answer that was sent: waiting, accepted, sent, failed (`delivery_reason`) or unknown; null for what was only recorded."""

    interaction_id: UUID
    kind: str
    channel: str
    initiator: str
    subject: str | None
    occurred_at: datetime
    employee_id: UUID | None
    delivery: str | None = None
    delivery_reason: str | None = None
    data: dict[str, Any]


class NoteView(BaseModel):
    id: UUID
    author: str
    employee_id: UUID | None
    content: str
    written_at: datetime


class ChangeView(BaseModel):
    at: datetime
    actor: str
    action: str
    content: dict[str, Any]


class AssignmentView(BaseModel):
    """`explained`: who was considered, what spoke against whom, who would have been next."""

    at: datetime
    actor: str
    team_id: UUID
    employee_id: UUID | None
    reason: str
    explained: dict[str, Any]


class SurveyLinkView(BaseModel):
    url: str
    token: str
    resolution: int


class AddCustomerNote(Given):
    kind: Knowledge
    content: Content
    employee_id: UUID | None = None


class ChangeCustomerNote(Given):
    kind: Knowledge = "habit"
    content: Content = ""
    retired: bool = False


class CustomerNoteView(BaseModel):
    """`author` stays when the employee leaves; `author_active` says whether they still work here."""

    id: UUID
    customer_id: UUID
    kind: str
    content: str
    author: str
    employee_id: UUID | None
    author_active: bool | None
    written_at: datetime
    changed_at: datetime
    retired_at: datetime | None


class Measures(BaseModel):
    """Seconds; half and 95 of 100 cases took no longer. `taken`: somebody was responsible; `breached`: a service level was missed."""

    opened: int
    taken: int
    answered: int
    resolved: int
    breached: int
    responsible_p50_s: float | None
    responsible_p95_s: float | None
    answer_p50_s: float | None
    answer_p95_s: float | None
    resolve_p50_s: float | None
    resolve_p95_s: float | None


class ChannelMeasures(Measures):
    channel: str


class TeamMeasures(Measures):
    team_id: UUID
    team: str


class EmployeeMeasures(BaseModel):
    """`satisfaction`: mean of 1 to 5, hidden below five answers."""

    employee_id: UUID
    employee: str
    active: bool
    open_cases: int
    capacity: int
    resolved: int
    answers: int
    satisfaction: float | None


class FiguresView(BaseModel):
    since: datetime
    until: datetime
    total: Measures | None
    channels: list[ChannelMeasures]
    teams: list[TeamMeasures]
    employees: list[EmployeeMeasures]


class KindOfContact(BaseModel):
    kind: str
    contacts_in: int
    contacts_out: int
    customers: int
    first_at: datetime
    last_at: datetime


class TouchpointMeasures(BaseModel):
    """`outcomes`: as told with the contacts, and as `case: …` how cases ended that began on the channel."""

    channel: str
    contacts_in: int
    contacts_out: int
    kinds: list[KindOfContact]
    outcomes: dict[str, int]
    responsible_p50_s: float | None
    responsible_p95_s: float | None
    answer_p50_s: float | None
    answer_p95_s: float | None


class TouchpointsView(BaseModel):
    since: datetime
    until: datetime
    channels: list[TouchpointMeasures]


class TouchpointCustomerView(BaseModel):
    """A customer, or the hash of an identity nobody knows yet."""

    customer_id: UUID | None
    identity: str | None
    contacts_in: int
    contacts_out: int
    last_at: datetime
