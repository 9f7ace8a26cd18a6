"""Telling that somebody is erased, once both stores hold nothing of them."""

from __future__ import annotations

from chassis.erasing import erase_set_aside
from contracts.analytics import ErasureAcknowledged
from services.analytics.settings import AnalyticsService
from services.analytics.store import erasing, memberships


async def acknowledge_erasures(service: AnalyticsService) -> None:
    """The warehouse erased with the batch that said so; its file is written anew, since the old one still holds the bytes; here the rest
    follows, then it is told. Told twice after a crash in between.
    """
    warehouse = service.resources
    waiting = await warehouse.read(erasing.untold)
    if not waiting or service.clock.monotonic() < warehouse.rewritten_until or not await warehouse.rewrite():
        return  # several erasures share one rewriting of the file
    for each in waiting:
        async with service.transaction() as tx:
            rows = {f"warehouse.{table}": count for table, count in each.rows.items()}
            rows |= await memberships.erase(tx.db, each.customers)
            rows |= await erase_set_aside(tx.db, [str(one) for one in each.customers])
            tx.tell(
                ErasureAcknowledged(
                    request_id=each.request_id, customer_id=str(each.customers[0]), erased={table: count for table, count in rows.items() if count},
                    acknowledged_at=service.clock.now(),
                )
            )
    if waiting:
        await warehouse.write(lambda connection: erasing.note_told(connection, [each.request_id for each in waiting]))
