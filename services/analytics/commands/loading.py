"""Load what the log brings into the warehouse, with the reader's position in the same transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from chassis import measuring, telemetry
from chassis.eventlog import Partition, Stored
from chassis.runtime import NotReady
from services.analytics.settings import AnalyticsService
from services.analytics.store import loading
from services.analytics.store.warehouse import Warehouse, WarehouseBusy

_log = telemetry.logger(__name__)

READER: Final = "warehouse"
#: `ecrm.analytics` is this service's own: it brings the booked costs into the warehouse.
TOPICS: Final = (
    "ecrm.interaction", "ecrm.interaction.facts", "ecrm.state.identity", "ecrm.state.profile", "ecrm.state.consent", "ecrm.state.erasure", "ecrm.campaign", "ecrm.analytics",
    "ecrm.consent",
)


@asynccontextmanager
async def open_warehouse(service: AnalyticsService) -> AsyncIterator[Warehouse]:
    """The service's own resource: the DuckDB file, held by this process alone while it runs. Raises NotReady when another has it."""
    settings = service.settings
    path = settings.warehouse_path or str(Path(settings.data_dir) / "warehouse.duckdb")
    warehouse = Warehouse(path, memory_mb=settings.warehouse_memory_mb, threads=settings.warehouse_threads)
    try:
        await warehouse.open()
    except WarehouseBusy as busy:
        raise NotReady(f"analytics: {busy}; there is one analytics process.") from None
    try:
        yield warehouse
    finally:
        await warehouse.close()


async def caught_up(service: AnalyticsService) -> bool:
    """Whether a new warehouse file holds all that was in the log when this was first asked.

    Until then nobody is evaluated: a half-filled warehouse would make members leave who only are not loaded yet.
    """
    warehouse = service.resources
    if warehouse.filled_at is None:
        ends: dict[Partition, int] = {}
        for topic in TOPICS:
            for number in range(await service.log.partitions(topic)):
                first, end = await service.log.bounds(Partition(topic, number))
                if end > first:
                    ends[Partition(topic, number)] = end
        warehouse.filled_at = ends
    known = await warehouse.read(lambda connection: loading.read_positions(connection, f"{service.name}.{READER}"))
    behind = sum(1 for partition, end in warehouse.filled_at.items() if partition not in known or known[partition][0] < end)
    if behind:
        _log.info("warehouse_is_filling", service=service.name, count=behind)
    return not behind


class WarehouseKeeper:
    """Positions and effects in DuckDB, fenced: a batch that does not begin at the position changes nothing."""

    def __init__(self, service: AnalyticsService) -> None:
        self._service = service

    async def positions(self, reader: str, partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
        """The next offset to read of each partition; None if it was never read."""
        known = await self._service.resources.read(lambda connection: loading.read_positions(connection, reader))
        return {partition: known[partition][0] if partition in known else None for partition in partitions}

    async def apply(self, reader: str, batch: Mapping[Partition, list[Stored]]) -> None:
        """Load, in one transaction. Raises StaleOffset, OSError (disk, memory)."""
        warehouse = self._service.resources
        try:
            seq = await warehouse.write(lambda connection: loading.apply_batch(connection, reader, batch))
        except (duckdb.Error, pa.ArrowInvalid) as error:
            if isinstance(error, duckdb.Error) and not loading.is_bad_value(error):
                raise OSError(f"the warehouse cannot load: {type(error).__name__}") from error
            _log.warning("warehouse_checks_batch", service=self._service.name, reader=reader, error=error)
            seq = await warehouse.write(lambda connection: loading.apply_batch(connection, reader, batch, checked=True))
        warehouse.loaded.append((seq, min(measuring.happened(records[0]) for records in batch.values())))
        warehouse.appended_at = max(records[-1].appended_at for records in batch.values())
