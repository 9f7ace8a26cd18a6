"""The chain: what was committed is chained each second, and a root over it is signed at least each minute. Nothing waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from contracts import consent as facts
from services.consent.domain import chain
from services.consent.domain.chain import Link, Root
from services.consent.domain.statements import Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import chain as store

#: Few at a time: while they are hashed nobody else has the loop.
A_RUN = 200
#: With nothing new a root is signed all the same, so that a chain cut short shows.
SIGN_OF_LIFE = timedelta(hours=1)


async def seal(service: ConsentService) -> bool:
    """Chain what waits. True: there may be more. One process at a time."""
    async with service.transaction() as tx:
        await store.hold(tx.db)
        waiting = await store.waiting(tx.db, limit=A_RUN)
        if not waiting:
            return False
        ids = [UUID(one.ref) for one in waiting if one.kind == "entry"]
        entries = await store.bare_entries(tx.db, ids)
        personal = await store.personal(tx.db, ids)
        defined = await store.defined_purposes(tx.db, [one.ref for one in waiting if one.kind == "purpose"])
        last = await store.last_link(tx.db)
        seq, head = (last.seq, last.hash) if last else (0, chain.START)
        links = []
        for one in waiting:
            seq += 1
            if one.kind == "entry":
                parts = personal.get(one.ref)
                # Erased before it was chained: a commitment to nothing, as nobody could open it anyway.
                body = chain.entry_body(_bare(entries[one.ref]), seq=seq, commit=commit_of(parts) if parts else "")
            else:
                row = defined[one.ref]
                body = chain.purpose_body(_purpose(row), seq=seq, tick=one.tick)
            head = chain.link_hash(body, head)
            links.append(Link(seq, one.tick, one.kind, one.ref, body, head))
        await store.insert_links(tx.db, links)
        await store.end_waiting(tx.db, [one.tick for one in waiting])
    return len(waiting) == A_RUN


async def sign_root(service: ConsentService, *, at_once: bool = False) -> None:
    """Sign a root over the links since the last one, if there are any and it is time, and tell it: so it stands outside this database, too.

    `at_once`: without waiting for its time.
    """
    now = service.clock.now()
    signer = service.resources.signer
    async with service.transaction() as tx:
        await store.hold(tx.db)
        last_link, last_root = await store.last_link(tx.db), await store.last_root(tx.db)
        if last_link is None:
            return
        first = last_root.last + 1 if last_root else 1
        age = now - last_root.signed_at if last_root else SIGN_OF_LIFE
        due = timedelta(0) if at_once else timedelta(seconds=service.settings.root_seconds)
        if age < (due if last_link.seq >= first else SIGN_OF_LIFE):
            return
        hashes = await store.hashes(tx.db, first=first, last=last_link.seq)
        number = last_root.number + 1 if last_root else 1
        root = Root(number, first, last_link.seq, chain.merkle_root(hashes), last_link.hash, now)
        signature = signer.sign(chain.root_bytes(root))
        await store.insert_root(tx.db, root, kid=signer.kid, signature=signature)
        tx.tell(
            facts.LedgerRootSigned(
                number=root.number, first=root.first, last=root.last, root=root.root.hex(), head=root.head.hex(), signed_at=now,
                kid=signer.kid, signature=signature.hex(),
            )
        )


def sign_manifest(service: ConsentService, manifest: Mapping[str, Any]) -> bytes:
    """The signature over what an export holds."""
    return service.resources.signer.sign(chain.manifest_bytes(manifest))


def commit_of(parts: store.Personal) -> str:
    """The commitment to an entry's personal parts."""
    return chain.commitment(
        parts.salt,
        chain.personal_bytes(
            customer=str(parts.customer_id) if parts.customer_id else None, identity=parts.identity.hex() if parts.identity else None,
            language=parts.language, source=parts.source, evidence=parts.evidence, actor=parts.actor,
        ),
    )


def _bare(row: store.Row) -> Entry:
    return Entry(
        row["id"], None, None, None, "", {}, "", row["purpose"], row["channel"], row["state"], row["wording_version"], row["legal_basis"],
        row["said_at"], row["recorded_at"], row["expires_at"], tuple(row["refers"]), row["tick"],
    )


def _purpose(row: store.Row) -> Purpose:
    return Purpose(
        row["purpose"], row["version"], row["basis"], row["legal_basis"], list(row["channels"]), msgspec.json.decode(row["title"]),
        msgspec.json.decode(row["wording"]), row["defined_at"], msgspec.json.decode(row["consequences"]), row["expires_after_days"],
    )
