"""The chain over the ledger: what waits to be sealed, links, signed roots, keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.consent.domain.chain import Link, Root

#: A row as the database gives it.
Row = Any


class Waiting(NamedTuple):
    """Something committed that has no link yet."""

    tick: int
    kind: str
    ref: str


class Key(NamedTuple):
    """A public key that signs or signed; `endorsement`: its predecessor's signature over it."""

    kid: str
    public: bytes
    epoch: int
    endorsed_by: str | None
    endorsement: bytes | None


class Personal(NamedTuple):
    """The personal parts of an entry as they are committed to. `evidence` is the text of its JSON."""

    entry_id: UUID
    customer_id: UUID | None
    identity: bytes | None
    language: str | None
    source: str
    evidence: str
    actor: str
    salt: bytes


async def hold(db: Connection) -> None:
    """Whoever chains or signs does it alone, until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(7305102)")


async def waiting(db: Connection, *, limit: int) -> list[Waiting]:
    """What was committed and not chained, in the order of the ticks."""
    return [Waiting(*row) for row in await db.fetch("SELECT tick, kind, ref FROM unsealed ORDER BY tick LIMIT $1", limit)]


async def end_waiting(db: Connection, ticks: Sequence[int]) -> None:
    await db.execute("DELETE FROM unsealed WHERE tick = ANY($1::bigint[])", ticks)


async def bare_entries(db: Connection, ids: Sequence[UUID]) -> dict[str, Row]:
    """The rows of entries without anything personal, by id."""
    return {str(row["id"]): row for row in await db.fetch("SELECT * FROM entry WHERE id = ANY($1::uuid[])", ids)}


async def personal(db: Connection, ids: Sequence[UUID]) -> dict[str, Personal]:
    """The personal parts of these entries, by id; of erased ones there are none."""
    rows = await db.fetch(
        "SELECT entry_id, customer_id, identity, language, source, evidence::text AS evidence, actor, salt FROM entry_person "
        "WHERE entry_id = ANY($1::uuid[])",
        ids,
    )
    return {str(row["entry_id"]): Personal(*row) for row in rows}


async def defined_purposes(db: Connection, refs: Sequence[str]) -> dict[str, Row]:
    """Rows of purposes, by purpose/version."""
    rows = await db.fetch("SELECT *, purpose || '/' || version AS ref FROM purpose WHERE purpose || '/' || version = ANY($1::text[])", refs)
    return {row["ref"]: row for row in rows}


async def last_link(db: Connection) -> Link | None:
    row = await db.fetchrow("SELECT * FROM chain_link ORDER BY seq DESC LIMIT 1")
    return _link(row) if row else None


async def insert_links(db: Connection, links: Sequence[Link]) -> None:
    await db.executemany("INSERT INTO chain_link (seq, tick, kind, ref, body, hash) VALUES ($1, $2, $3, $4, $5, $6)", links)


async def page(db: Connection, *, after: int, limit: int) -> list[Link]:
    return [_link(row) for row in await db.fetch("SELECT * FROM chain_link WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit)]


async def hashes(db: Connection, *, first: int, last: int) -> list[bytes]:
    rows = await db.fetch("SELECT hash FROM chain_link WHERE seq BETWEEN $1 AND $2 ORDER BY seq", first, last)
    return [bytes(row["hash"]) for row in rows]


async def last_root(db: Connection) -> Root | None:
    row = await db.fetchrow("SELECT * FROM chain_root ORDER BY number DESC LIMIT 1")
    return _signed(row)[0] if row else None


async def insert_root(db: Connection, root: Root, *, kid: str, signature: bytes) -> None:
    await db.execute(
        "INSERT INTO chain_root (number, first, last, root, head, signed_at, kid, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *root, kid, signature,
    )


async def page_roots(db: Connection, *, after: int, limit: int) -> list[tuple[Root, str, bytes]]:
    """Roots with the id of their key and their signature."""
    return [_signed(row) for row in await db.fetch("SELECT * FROM chain_root WHERE number > $1 ORDER BY number LIMIT $2", after, limit)]


def _signed(row: Any) -> tuple[Root, str, bytes]:
    found = Root(row["number"], row["first"], row["last"], bytes(row["root"]), bytes(row["head"]), row["signed_at"])
    return found, row["kid"], bytes(row["signature"])


async def keys(db: Connection) -> list[Key]:
    """All keys, the newest epoch first."""
    rows = await db.fetch("SELECT kid, public_key, epoch, endorsed_by, endorsement FROM permit_key ORDER BY first_used_at DESC, epoch DESC")
    return [Key(*row) for row in rows]


async def insert_key(db: Connection, key: Key) -> None:
    """Keys stay known for ever, so that what they signed can be checked."""
    await db.execute(
        "INSERT INTO permit_key (kid, public_key, epoch, endorsed_by, endorsement) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", *key
    )


def _link(row: Any) -> Link:
    return Link(row["seq"], row["tick"], row["kind"], row["ref"], row["body"], bytes(row["hash"]))
