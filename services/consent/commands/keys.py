"""The keys that sign permits, roots and receipts: known for ever from their first use, each endorsed by the one before it."""

from __future__ import annotations

from services.consent.domain import proofs
from services.consent.domain.proofs import Signer
from services.consent.settings import ConsentService
from services.consent.store import chain as store
from services.consent.store.chain import Key


async def find_signer(service: ConsentService, *, seed: bytes) -> Signer:
    """The key that signs now; its public part is published from its first use on."""
    async with service.transaction() as tx:
        for key in await store.keys(tx.db):
            signer = Signer(seed, key.epoch)
            if signer.kid == key.kid:
                return signer
        signer = Signer(seed)
        await store.insert_key(tx.db, Key(signer.kid, signer.public, 0, None, None))
    return signer


async def rotate_key(service: ConsentService) -> str:
    """From now on another key signs, endorsed by the last; returns its id. Other processes follow within ten seconds."""
    async with service.transaction() as tx:
        known = await store.keys(tx.db)
        before = service.resources.signer
        signer = before.following(max(key.epoch for key in known) + 1)
        await store.insert_key(tx.db, Key(signer.kid, signer.public, signer.epoch, before.kid, before.sign(proofs.endorsed_bytes(signer.public))))
    service.resources.signer = signer
    return signer.kid


async def follow_keys(service: ConsentService) -> None:
    """Take over a key that another process rotated to."""
    async with service.read() as db:
        known = await store.keys(db)
    newest = max(known, key=lambda key: key.epoch)
    if newest.epoch > service.resources.signer.epoch:
        signer = service.resources.signer.following(newest.epoch)
        if signer.kid == newest.kid:
            service.resources.signer = signer
