"""What jobs do about imports and exports: the oldest that waits, one at a time."""

from __future__ import annotations

from services.customer import store
from services.customer.commands.exporting import run_export
from services.customer.commands.importing import UNDOING, run_import
from services.customer.commands.undoing import take_back
from services.customer.settings import CustomerService


async def work_on_imports(service: CustomerService) -> bool:
    """Run, or take back, the oldest import that waits. True when there was one."""
    async with service.read() as db:
        row = await store.imports.next_waiting(db)
    if row is None:
        return False
    await (take_back(service, row=row) if row.state == UNDOING else run_import(service, row=row))
    return True


async def work_on_exports(service: CustomerService) -> bool:
    """Write the oldest export that waits. True when there was one."""
    async with service.read() as db:
        row = await store.exports.next_waiting(db)
    if row is None:
        return False
    await run_export(service, row=row)
    return True


async def follow_undone_imports(service: CustomerService) -> None:
    """Identities that another process took away with an import are looked up again when they come."""
    async with service.read() as db:
        undone = await store.imports.last_undone(db)
    if undone is not None and undone != service.resources.undone_import:
        service.resources.settled.clear()
    service.resources.undone_import = undone
