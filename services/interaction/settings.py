"""Knobs of the interaction service, `ECRM_INTERACTION_…`, and what it holds while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from pydantic import Field

from chassis.eventlog import Record
from chassis.keys import KeyTable
from chassis.service import Service
from chassis.settings import ServiceSettings


class InteractionSettings(ServiceSettings):
    """Beside the knobs that every service has."""

    quarantine_per_hour: int = Field(1000, ge=0, description="Payloads of one source kept in quarantine an hour; beyond they are only counted.")
    response_days: int = Field(14, ge=1, le=365, description="Days after a message or contact of ours in which a customer's deed is a response.")
    quarantine_days: int = Field(30, ge=1, le=3650, description="Days a payload stays in quarantine.")
    form_seconds: float = Field(2, ge=0, le=60, description="Seconds nobody needs less than to fill in a form: what comes sooner is asked to wait.")
    form_submissions: int = Field(
        10, ge=1, le=10_000, description="Submissions of forms from one address in ten minutes; with a proof of work six times as many."
    )
    mail_address: str = Field("", description="host:port of the SMTP door for inbound mail; none: there is no such door.")
    mail_domains: str = Field("", description="Domains whose mail is taken, whoever it is for; separated by commas.")
    mail_addresses: str = Field("", description="Single addresses whose mail is taken; separated by commas.")
    mail_tls_cert: str = Field("", description="Certificate file of the SMTP door; with the key it offers STARTTLS.")
    mail_tls_key: str = Field("", description="Private key file of the SMTP door.")
    mail_size_mib: int = Field(25, ge=1, le=100, description="MiB of the largest mail that is taken.")
    mail_memory_mib: int = Field(100, ge=1, le=4096, description="MiB that all mails being received may take together.")
    mail_recipients: int = Field(100, ge=1, le=1000, description="Recipients of one mail.")
    mail_connections: int = Field(100, ge=1, le=10_000, description="Connections to the SMTP door at a time.")
    mail_connections_per_host: int = Field(25, ge=1, le=10_000, description="Connections to the SMTP door from one host at a time.")
    mail_timeout: float = Field(60.0, gt=0, le=600, description="Seconds the SMTP door waits for a client's next line.")
    mail_per_hour: int = Field(30, ge=1, description="Mails of one address in an hour; what comes beyond counts as automatic, so that loops end.")


class Stretch(NamedTuple):
    """Committed records of one partition, ready to be published: `first` is a collected offset, `last` the one below what comes next."""

    partition: int
    first: int
    last: int
    records: list[Record]


@dataclass
class Publishing:
    """What the publisher holds. `staged`: by partition and collected offset, not yet committed; `waiting`: committed."""

    staged: dict[int, dict[int, Record]] = field(default_factory=dict)
    waiting: asyncio.Queue[Stretch] = field(default_factory=lambda: asyncio.Queue(maxsize=8))
    #: The last collected offset of each partition that was handed over to be published.
    handed: dict[int, int] = field(default_factory=dict)
    #: Up to which collected offset this process has published a partition.
    reached: dict[int, int] = field(default_factory=dict)
    #: What the leftover job saw at its last look.
    behind: dict[int, int] = field(default_factory=dict)


class Rates:
    """How often an address came within ten minutes, counted in this process."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def allows(self, address: str, *, most: int) -> bool:
        """Count one more, whatever the answer."""
        item = RateLimitItemPerMinute(1_000_000, 10)
        await self._limiter.hit(item, address)
        _, left = await self._limiter.get_window_stats(item, address)
        return 1_000_000 - left <= most


@dataclass
class Erased:
    """The identities of erased people, and up to which change they were read."""

    held: frozenset[bytes] = frozenset()
    number: int = 0


@dataclass
class InteractionResources:
    """What a running interaction service holds."""

    keys: KeyTable
    #: How many batches in succession the recorder stored without meeting a duplicate.
    without_duplicates: int = 0
    #: Identity key -> hash of those that the recorder met lately.
    hashes: dict[str, bytes] = field(default_factory=dict)
    #: Source -> its tracking plan in force (`domain.plans.Plan`).
    plans: dict[str, Any] = field(default_factory=dict)
    #: Who watches what arrives (`queries.live.Hub`).
    live: Any = None
    #: Source -> (kind, name) of events, and kinds of violation, that are counted apart.
    names: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    violations: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    #: (source, place) of fields that are known to be on the public list.
    fields: set[tuple[str, str]] = field(default_factory=set)
    publishing: Publishing = field(default_factory=Publishing)
    erased: Erased = field(default_factory=Erased)
    rates: Rates = field(default_factory=Rates)
    #: Where the SMTP door listens.
    mail_door: tuple[str, int] | None = None


InteractionService: TypeAlias = Service[InteractionSettings, InteractionResources]
