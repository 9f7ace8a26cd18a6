"""Cases, what belongs to them, and what they are measured by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class ServicePolicyRow(InteractionTable, table=True):
    """How soon cases are to be answered and resolved; of those that fit the one with the lowest rank counts."""

    __tablename__ = "service_policy"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    rank: int
    kind: str | None = Field(default=None, sa_type=Text)
    priority: str | None = Field(default=None, sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    calendar_id: UUID | None = Field(default=None, foreign_key="calendar.id")
    answer_minutes: int | None = None
    resolve_minutes: int | None = None
    warn_share: float = Field(sa_type=Float)
    escalate_to: UUID | None = Field(default=None, foreign_key="team.id")
    active: bool
    version: int
    changed_at: datetime = Field(sa_type=TIME)


class CaseRow(InteractionTable, table=True):
    """A matter between a customer and us. Without `employee_id` the team's queue answers for it.

    `responsible_at`: when somebody had it for the first time. `alarm_at`: when the service level is to be looked at; `route_at`: when
    somebody is to be looked for; `resolve_left`: seconds of business time left when the clock was stopped.
    """

    __tablename__ = "support_case"
    __table_args__ = (
        Index("support_case_opened", text("opened_at DESC"), text("id DESC")),
        Index("support_case_employee", "employee_id", "status"),
        Index("support_case_team", "team_id", "status"),
        Index("support_case_identity", "identity"),
        Index("support_case_customer", "customer_id"),
        Index("support_case_route", "route_at", postgresql_where=text("employee_id IS NULL AND status = 'open'")),
        Index("support_case_alarm", "alarm_at", postgresql_where=text("alarm_at IS NOT NULL")),
        Index("support_case_resolved", "resolved_at", postgresql_where=text("status = 'resolved'")),
        Index("support_case_tags", "tags", postgresql_using="gin"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=False), nullable=False, unique=True))
    status: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    priority: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    skills: list[str] = Field(sa_type=TEXTS)
    tags: list[str] = Field(sa_type=TEXTS)
    tier: str | None = Field(default=None, sa_type=Text)
    identity: bytes | None = None
    customer_id: UUID | None = None
    team_id: UUID = Field(foreign_key="team.id")
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")
    opened_at: datetime = Field(sa_type=TIME)
    opened_by: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
    responsible_at: datetime | None = Field(default=None, sa_type=TIME)
    answered_at: datetime | None = Field(default=None, sa_type=TIME)
    resolved_at: datetime | None = Field(default=None, sa_type=TIME)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    outcome: str | None = Field(default=None, sa_type=Text)
    resolutions: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    merged_into: UUID | None = Field(default=None, foreign_key="support_case.id")
    policy_id: UUID | None = Field(default=None, foreign_key="service_policy.id")
    answer_due: datetime | None = Field(default=None, sa_type=TIME)
    resolve_due: datetime | None = Field(default=None, sa_type=TIME)
    paused_at: datetime | None = Field(default=None, sa_type=TIME)
    resolve_left: float | None = Field(default=None, sa_type=Float)
    alarm_at: datetime | None = Field(default=None, sa_type=TIME)
    route_at: datetime | None = Field(default=None, sa_type=TIME)
    version: int


class CaseContactRow(InteractionTable, table=True):
    """A contact that belongs to a case; an interaction belongs to one case at most."""

    __tablename__ = "case_contact"
    __table_args__ = (Index("case_contact_case", "case_id", "occurred_at"),)

    interaction_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="support_case.id")
    kind: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    initiator: str = Field(sa_type=Text)
    subject: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")


class CaseThreadRow(InteractionTable, table=True):
    """By what a further contact finds its case: a mail thread, a message of ours, a conversation."""

    __tablename__ = "case_thread"
    __table_args__ = (Index("case_thread_case", "case_id"),)

    thread: str = Field(sa_column=Column(Text, primary_key=True))
    case_id: UUID = Field(foreign_key="support_case.id")


class CaseNoteRow(InteractionTable, table=True):
    """An internal note."""

    __tablename__ = "case_note"
    __table_args__ = (Index("case_note_case", "case_id", "id"),)

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="support_case.id")
    author: str = Field(sa_type=Text)
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")
    content: str = Field(sa_type=Text)
    written_at: datetime = Field(sa_type=TIME)


class CaseRelationRow(InteractionTable, table=True):
    """A case has to do with another one."""

    __tablename__ = "case_relation"
    __table_args__ = (Index("case_relation_other", "other_id"),)

    case_id: UUID = Field(sa_column=Column(ForeignKey("support_case.id"), primary_key=True))
    other_id: UUID = Field(sa_column=Column(ForeignKey("support_case.id"), primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    made_at: datetime = Field(sa_type=TIME)


class CaseChangeRow(InteractionTable, table=True):
    """What was done to a case, by whom."""

    __tablename__ = "case_change"
    __table_args__ = (Index("case_change_case", "case_id", "id"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    case_id: UUID = Field(foreign_key="support_case.id")
    at: datetime = Field(sa_type=TIME)
    actor: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)


class CaseAssignmentRow(InteractionTable, table=True):
    """Who got a case when, and why: those who were considered, and what spoke against each."""

    __tablename__ = "case_assignment"
    __table_args__ = (Index("case_assignment_case", "case_id", "at"),)

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="support_case.id")
    at: datetime = Field(sa_type=TIME)
    actor: str = Field(sa_type=Text)
    team_id: UUID = Field(foreign_key="team.id")
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")
    reason: str = Field(sa_type=Text)
    explained: str = Field(sa_type=Text)


class CaseAlarmRow(InteractionTable, table=True):
    """A warning or a breach that was raised; each once for each due time."""

    __tablename__ = "case_alarm"

    case_id: UUID = Field(sa_column=Column(ForeignKey("support_case.id"), primary_key=True))
    target: str = Field(sa_column=Column(Text, primary_key=True))
    level: str = Field(sa_column=Column(Text, primary_key=True))
    due_at: datetime = Field(sa_column=Column(TIME, primary_key=True))
    raised_at: datetime = Field(sa_type=TIME)


class CaseSurveyRow(InteractionTable, table=True):
    """The question after a resolution, and the answer."""

    __tablename__ = "case_survey"
    __table_args__ = (Index("case_survey_employee", "employee_id", "answered_at"),)

    case_id: UUID = Field(sa_column=Column(ForeignKey("support_case.id"), primary_key=True))
    resolution: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    employee_id: UUID | None = Field(default=None, foreign_key="employee.id")
    asked_at: datetime = Field(sa_type=TIME)
    score: int | None = Field(default=None, sa_type=SmallInteger)
    remark: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=TIME)


class CaseRulesRow(InteractionTable, table=True):
    """Which contacts open cases; one row."""

    __tablename__ = "case_rules"

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    content: str = Field(sa_type=Text)
    version: int
    changed_at: datetime = Field(sa_type=TIME)
