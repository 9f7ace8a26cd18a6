"""HTTP shapes of the gateway."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

PLACES: Final = ("properties", "traits", "context", "integrations", "data")
#: What an event cannot be read without.
NEEDED: Final = frozenset(
    "type event name userid anonymousid groupid previousid properties traits context integrations messageid timestamp sentat data id source subject".split()
)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[A-Za-z0-9.\-\[\]:]+)$", max_length=256)]


class Given(BaseModel):
    """Input: nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


#: A day begins at midnight UTC.
PerDay = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="At most so many a day (UTC); 0: no limit.")]


class CreateKey(Given):
    """An API key. With `source_id` and the scope collect:write it posts events of that source."""

    name: Name
    scopes: Annotated[list[str], Field(min_length=1, max_length=32)]
    source_id: UUID | None = None
    expires_at: AwareDatetime | None = None
    requests_per_day: PerDay = 0
    events_per_day: PerDay = 0


class ChangeKey(Given):
    """What may be changed of a key, also of a source's."""

    name: Name | None = None
    requests_per_day: PerDay | None = None
    events_per_day: PerDay | None = None


class KeyView(BaseModel):
    """A key without its secret; `kind` is api or source."""

    id: str
    kind: str
    name: str
    scopes: list[str]
    source_id: UUID | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked: bool
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(default=None, description="To within half a minute.")
    requests_per_day: int = 0
    events_per_day: int = 0


class DayOfUse(BaseModel):
    """What was done with a key on a day (UTC)."""

    day: date
    requests: int
    events: int


class KeyUsage(BaseModel):
    """How a key stands with its quotas, and what was done with it, the newest day first. `resets_at`: when the next day begins."""

    requests_per_day: int
    events_per_day: int
    requests_left: int | None = Field(description="Today; null: no limit.")
    events_left: int | None = Field(description="Today; null: no limit.")
    resets_at: datetime
    days: list[DayOfUse]


class RotateKey(Given):
    """How long the old key goes on beside its successor."""

    overlap_hours: Annotated[float, Field(ge=0, le=72)] = 24


class CreatedKeyView(KeyView):
    """`key` is shown this once and kept nowhere."""

    key: str


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)]


#: The places that the public list of what is collected knows.
DISCLOSED = r"^(?:(?:traits|properties|context|fields)\.[^\x00-\x1f]+|connection\.(?:ip|user_agent))$"


class NeverCollected(Given):
    """What is never collected: dropped at the collector before anything is written, and only counted. In patterns `*` is any text.

    `paths`: `/health/*`, `shop.example/private/*`; `fields`: `properties.diagnosis`, `traits.*.ssn`, or a bare name, which is removed
    wherever it stands; `gpc`: `drop` collects no event sent under Global Privacy Control, `record` keeps it and records the signal.
    """

    paths: Annotated[list[Pattern], Field(max_length=200)] = []
    events: Annotated[list[Pattern], Field(max_length=200)] = []
    categories: Annotated[list[Pattern], Field(max_length=200)] = []
    fields: Annotated[list[Pattern], Field(max_length=200)] = []
    gpc: Literal["record", "drop"] = "record"

    @field_validator("fields")
    @classmethod
    def _known_places(cls, fields: list[str]) -> list[str]:
        for field in fields:
            parts = field.split(".")
            if not all(parts):
                raise ValueError("a field is a name, or a place like properties.name, without empty parts")
            if len(parts) > 1 and parts[0] not in PLACES:
                raise ValueError(f"a place begins with one of {', '.join(PLACES)}; a bare name is removed wherever it stands")
            if len(parts) == 1 and (parts[0] == "*" or parts[0].casefold() in NEEDED):
                raise ValueError("the protocol needs this field: name the place inside properties, traits or context instead")
        return fields


class ConsentBasis(Given):
    """Why what a source brings may be kept; with `consent` it also needs `require_consent`, the purpose that each person has to have granted."""

    basis: Literal["consent", "contract", "legitimate_interest", "public", "licence"]
    statement: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class SourceFields(Given):
    """What may be set of a source. `kind` browser: its key is public, so it merges nobody by e-mail and confirms nothing.

    `kind` external: a system that is not yours (a social network, a partner, a bought feed). It names its `consent_basis`; with `trust` low its word
    counts less than that of everybody else and merges nobody, with high it counts like a server of yours.

    `consent_categories`: category of the site's consent banner, or type of Google Consent Mode, -> purpose that its refusal withdraws.
    `disclosed`: place of a field (`traits.email`, `properties.*`, `context.page`, `connection.ip`) -> purpose, for the public list; `disclosure`: with
    `strict` no other field is collected, with `open` (the default) a new one comes on the list as it comes.
    """

    origins: Annotated[list[Origin], Field(max_length=100)] | None = None
    enabled: bool | None = None
    default_currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    default_region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    order_namespace: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] | None = None
    ip: Literal["keep", "truncate", "drop"] | None = None
    rate_per_second: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    require_subject: bool | None = None
    require_consent: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")] | None = None
    consent_categories: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]],
        Field(max_length=100),
    ] | None = None
    disclosure: Literal["open", "strict"] | None = None
    disclosed: Annotated[
        dict[Annotated[str, StringConstraints(max_length=200, pattern=DISCLOSED)], Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]],
        Field(max_length=500),
    ] | None = None
    never: NeverCollected | None = None
    trust: Literal["low", "high"] | None = None
    consent_basis: ConsentBasis | None = None


class CreateSource(SourceFields):
    name: Name
    kind: Literal["browser", "server", "external"] = "server"


class ChangeSource(SourceFields):
    name: Name | None = None
    kind: Literal["browser", "server", "external"] | None = None


class SourceView(BaseModel):
    id: UUID
    name: str
    kind: str
    enabled: bool
    origins: list[str]
    default_currency: str | None
    default_region: str | None
    order_namespace: str
    ip: str
    rate_per_second: int
    require_subject: bool
    require_consent: str | None
    consent_categories: dict[str, str]
    disclosure: str
    disclosed: dict[str, str]
    never: NeverCollected | None
    trust: str
    consent_basis: ConsentBasis | None
    version: int
    created_at: datetime
    changed_at: datetime
    keys: list[KeyView]


class CreatedSourceView(SourceView):
    """`key` is shown this once and kept nowhere."""

    key: str


class MissingPart(BaseModel):
    """A part of a view that is not there, and why: unavailable, forbidden or absent."""

    part: str
    reason: str


class CustomerView360(BaseModel):
    """Everything about one customer, each part as its service answers it; parts that could not be had are named."""

    customer_id: UUID
    profile: dict[str, Any] | None = None
    identities: dict[str, Any] | list[Any] | None = None
    timeline: dict[str, Any] | None = None
    orders: dict[str, Any] | None = None
    cases: dict[str, Any] | None = None
    notes: dict[str, Any] | None = None
    scores: dict[str, Any] | None = None
    consent: dict[str, Any] | None = None
    messages: dict[str, Any] | None = None
    missing: list[MissingPart] = []


class OperationView(BaseModel):
    """Long work that was begun with `asked`: import, export, scan, launch, … `state` is running, done, failed or cancelled."""

    id: UUID
    asked: str
    asked_by: str
    asked_at: datetime
    request_id: str
    resource: str = Field(description="Where its owner says more, and takes orders such as cancel.")


class OperationProgress(OperationView):
    """With what its owner says now; `state` and `result` are null, with the reason in `missing`, while the owner cannot be asked."""

    state: str | None
    progress: float | None = Field(description="0..1; null while nobody knows.")
    result: dict[str, Any] | None
    missing: str | None = None
