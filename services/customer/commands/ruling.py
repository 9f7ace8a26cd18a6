"""Identity rules: changing them, and following changes that other processes made."""

from __future__ import annotations

from typing import Any

import msgspec

from services.customer import errors, store
from services.customer.domain import rules
from services.customer.settings import CustomerService


async def change_identity_rules(
    service: CustomerService, *, document: Any, expected: int | None, reason: str, by: str
) -> int:
    """The rules from now on, here at once, in every other process within a second; what was linked before stays. Returns the version.

    Raises Invalid for a document that cannot be used, Outdated when the rules are no longer at `expected`.
    """
    made = checked(document)
    async with service.transaction() as tx:
        version = await store.rules.newest_version(tx.db)
        if expected is not None and expected != version:
            raise errors.rules_changed_meanwhile(version)
        row = store.rules.Row(version + 1, msgspec.to_builtins(made), reason, service.clock.now(), by)
        if not await store.rules.insert(tx.db, row=row):
            raise errors.rules_changed_meanwhile(version + 1)
    _take_over(service, rules.Rules(made, version=version + 1))
    return version + 1


async def follow_identity_rules(service: CustomerService) -> None:
    """Take over what another process changed."""
    async with service.read() as db:
        version = await store.rules.newest_version(db)
    if version > service.resources.rules.version:
        _take_over(service, await load_identity_rules(service))


async def load_identity_rules(service: CustomerService) -> rules.Rules:
    """The newest rules; the built-in ones while nobody changed them."""
    async with service.read() as db:
        rows = await store.rules.page(db, before=None, limit=1)
    return rules.Rules(rules.read(rows[0].document), version=rows[0].version) if rows else rules.STANDARD


async def forget_old_sightings(service: CustomerService) -> bool:
    """Devices forget whom they were seen with when it no longer counts. True when there is more to forget."""
    before = service.clock.now() - service.resources.rules.window
    async with service.transaction() as tx:
        return await store.devices.forget(tx.db, before=before, limit=10_000) == 10_000


def checked(document: Any) -> rules.Document:
    """A document that can be used. Raises Invalid."""
    try:
        made = rules.read(document)
        rules.Rules(made)
    except rules.BadRules as error:
        raise errors.bad_rules(error.pointer, str(error)) from None
    return made


def _take_over(service: CustomerService, newer: rules.Rules) -> None:
    """What was dealt with under other rules is looked at again when it is said again."""
    if newer.version > service.resources.rules.version:
        service.resources.rules = newer
        service.resources.settled.clear()
