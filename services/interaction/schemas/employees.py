"""Employees, teams, calendars and service policies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.interaction.domain.cases.rules import CaseRules, Priority, Word
from services.interaction.domain.working_hours import Calendar
from services.interaction.schemas.given import Given

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)]
SkillName = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f]{1,60}$", strip_whitespace=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,8}$", to_lower=True)]
Routing = Literal["round_robin", "least_busy", "capacity"]


class EmployeeFields(Given):
    """`skills`: name to level 1 to 5. `capacity`: as many open cases at a time. The calendar's hours count in `time_zone` if given."""

    skills: dict[SkillName, Annotated[int, Field(ge=1, le=5)]] = Field(default={}, max_length=100)
    languages: list[Language] = Field(default=[], max_length=50)
    team_ids: list[UUID] = Field(default=[], max_length=100)
    capacity: int = Field(20, ge=0, le=10_000)
    calendar_id: UUID | None = None
    time_zone: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                raise ValueError("no time zone of the IANA list, for example Asia/Tehran") from None
        return value


def _address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise ValueError("no e-mail address") from None


class CreateEmployee(EmployeeFields):
    name: Name
    email: Annotated[str, Field(max_length=320)]

    _checked = field_validator("email")(_address)


class ChangeEmployee(EmployeeFields):
    """Only what is sent changes. With `away_until`, or `active: false`, open cases go back to their queues unless `keep_cases`."""

    name: Name = ""
    email: Annotated[str, Field(max_length=320)] = ""
    active: bool = True
    away_until: AwareDatetime | None = None
    keep_cases: bool = False

    _checked = field_validator("email")(_address)


class EmployeeView(BaseModel):
    id: UUID
    name: str
    email: str
    skills: dict[str, int]
    languages: list[str]
    team_ids: list[UUID]
    capacity: int
    open_cases: int
    calendar_id: UUID | None
    time_zone: str | None
    active: bool
    away: bool
    away_until: datetime | None
    version: int
    created_at: datetime
    changed_at: datetime


class ImportEmployees(Given):
    """As rows of JSON; as `text/csv` the columns have the same names, lists are separated by `;`."""

    data: list[dict[str, Any]] = Field(min_length=1, max_length=5000)


class RefusedRow(BaseModel):
    line: int
    reason: str


class ImportedView(BaseModel):
    created: int
    changed: int
    unchanged: int
    refused: list[RefusedRow]


class HandOver(Given):
    """`to`: who takes the open cases as far as there is room; the rest, or all of them, goes back to the queues."""

    to: UUID | None = None
    deactivate: bool = False


class HandedOverView(BaseModel):
    handed_over: int
    queued: int


class CreateTeam(Given):
    """A team is a queue. `fallback_id`: where a case goes that nobody of the team could ever take; the front desk otherwise."""

    name: Name
    routing: Routing = "least_busy"
    calendar_id: UUID | None = None
    fallback_id: UUID | None = None
    member_ids: list[UUID] | None = Field(None, max_length=5000)


class ChangeTeam(CreateTeam):
    name: Name = ""


class TeamView(BaseModel):
    id: UUID
    name: str
    routing: str
    calendar_id: UUID | None
    fallback_id: UUID | None
    member_ids: list[UUID]
    queued: int
    open_cases: int
    version: int
    changed_at: datetime


class PutCalendar(Calendar):
    """Working hours of each weekday in a time zone; a weekday that is not named is off, so any weekend is possible."""

    name: Name


class CalendarView(BaseModel):
    id: UUID
    name: str
    time_zone: str
    hours: dict[str, list[tuple[str, str]]]
    holidays: list[dict[str, Any]]
    version: int
    changed_at: datetime


class PolicyFields(Given):
    """Minutes are business time of the policy's calendar, else of the team's. What is not set fits every case; the lowest rank wins."""

    rank: int = Field(100, ge=0, le=1_000_000)
    kind: Word | None = None
    priority: Priority | None = None
    tier: Annotated[str, Field(max_length=200)] | None = None
    team_id: UUID | None = None
    calendar_id: UUID | None = None
    answer_minutes: int | None = Field(None, ge=1, le=525_600)
    resolve_minutes: int | None = Field(None, ge=1, le=525_600)
    warn_share: float = Field(0.8, gt=0, lt=1)
    escalate_to: UUID | None = None
    active: bool = True


class CreatePolicy(PolicyFields):
    name: Name


class ChangePolicy(PolicyFields):
    name: Name = ""


class PolicyView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    rank: int
    kind: str | None
    priority: str | None
    tier: str | None
    team_id: UUID | None
    calendar_id: UUID | None
    answer_minutes: int | None
    resolve_minutes: int | None
    warn_share: float
    escalate_to: UUID | None
    active: bool
    version: int
    changed_at: datetime


class RulesView(CaseRules):
    version: int
