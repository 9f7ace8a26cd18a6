"""The knobs of the analytics service."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from pydantic import Field

from chassis.eventlog import Partition
from chassis.service import Service
from chassis.settings import ServiceSettings

T = TypeVar("T")


class Facts(Protocol):
    """The warehouse as the rooms see it; `store/warehouse.py` is it."""

    birth: str
    loaded: deque[tuple[int, float]]
    last_commit: float
    appended_at: float | None
    scored: tuple[int, float]
    rules_set: int
    computed: tuple[int, float, str]
    computing_rests_until: float
    asking: asyncio.Semaphore
    rests_until: float
    unasked_until: float
    filled_at: dict[Partition, int] | None
    rewritten_until: float

    async def read(self, act: Callable[[Any], T]) -> T:
        """Run `act` on a cursor of its own, in a thread, within one snapshot."""
        ...

    async def write(self, act: Callable[[Any], T]) -> T:
        """Run `act` in one transaction on the one writing thread."""
        ...

    async def checkpoint_when_idle(self) -> bool:
        """Fold the write-ahead log into the file when nothing was written for a while."""
        ...

    async def rewrite(self) -> bool:
        """Write the file anew without what was deleted; False when it has to be tried again."""
        ...


class AnalyticsSettings(ServiceSettings):
    """`ECRM_ANALYTICS_<NAME>`."""

    data_dir: str = Field("data/analytics", description="Folder of this service's own files.")
    warehouse_path: str = Field("", description="The DuckDB file, which this process alone opens; empty: warehouse.duckdb in the data folder.")
    warehouse_memory_mb: int = Field(256, ge=64, le=65_536, description="What DuckDB may hold in memory, in MB; the rest spills to disk.")
    warehouse_threads: int = Field(1, ge=1, le=64, description="Threads of one DuckDB query.")
    time_zone: str = Field("UTC", description="The organisation's time zone: windows and months begin at its midnight.")
    reporting_currency: str = Field("", description="ISO 4217 code of money figures; empty: the currency of most orders.")
    full_run_minutes: int = Field(15, ge=1, le=1440, description="How often every segment is evaluated for everybody.")
    frequency: str = Field("days", pattern="^(days|orders)$", description="What F of RFM counts: days with an order, or orders.")
    question_seconds: float = Field(5.0, gt=0, le=60, description="How long one question in SQL may take.")
    margin: float = Field(0.30, ge=0, le=1, description="Profit of revenue where no cost of goods is known.")
    age_segment_minutes: int = Field(60, ge=1, le=100_000, description="From when on a segment that was not evaluated for everybody is told as too old.")
    age_score_hours: int = Field(3, ge=1, le=10_000, description="From when on RFM, stage and computed traits are told as too old.")
    age_model_days: int = Field(35, ge=1, le=3660, description="From when on a model's scores are told as too old.")
    age_profile_days: int = Field(730, ge=1, le=3660, description="From when on a profile without a fact is too old; told when half of them are.")
    report_days: int = Field(400, ge=1, le=3660, description="How long what reports found is kept.")
    snapshot_days: int = Field(7, ge=1, le=365, description="How long a frozen audience can be paged.")


AnalyticsService: TypeAlias = Service[AnalyticsSettings, Facts]
