"""How far each reader is, kept in the database its effects are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.database import Connection
from chassis.eventlog import Partition, Stored, unbroken
from contracts.envelope import ORIGIN, header

#: What this process itself wrote last: partition -> (next offset, last origin).
Held = dict[Partition, tuple[int, int | None]]


class StaleOffset(Exception):
    """Somebody else advanced the position meanwhile; nothing was changed. `positions` says where to go on."""

    def __init__(self, positions: Mapping[Partition, int]) -> None:
        super().__init__("the position moved on without us")
        self.positions = positions


async def read(db: Connection, reader: str, partitions: Sequence[Partition]) -> dict[Partition, int | None]:
    """The next offset of each partition; None for one never read."""
    rows = await db.fetch("SELECT topic, partition, next FROM consumer_offset WHERE reader = $1", reader)
    known = {Partition(row["topic"], row["partition"]): int(row["next"]) for row in rows}
    return {partition: known.get(partition) for partition in partitions}


async def advance_held(db: Connection, reader: str, batch: Mapping[Partition, list[Stored]], held: Held) -> bool:
    """Move positions that nobody else moved since `held` was written: the same fence in one statement.

    False, and nothing was done, when a batch does not follow what is held. Raises StaleOffset, with where the batch begins, when
    somebody else moved one.
    """
    listed = sorted(batch)
    if any(partition not in held or not follows(partition, held[partition][0], batch[partition]) for partition in listed):
        return False
    status: str = await db.execute(
        """
        UPDATE consumer_offset AS o SET next = given.next, origin = given.origin, advanced_at = now()
        FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) AS given (topic, partition, held, next, origin)
        WHERE o.reader = $1 AND o.topic = given.topic AND o.partition = given.partition AND o.next = given.held
        """,
        reader, *zip(*(
            (partition.topic, partition.number, held[partition][0], *moved(batch[partition], held[partition][1])) for partition in listed
        ), strict=True),
    )
    if int(status.rpartition(" ")[2]) != len(listed):
        raise StaleOffset({partition: batch[partition][0].offset for partition in listed})
    return True


def moved(records: list[Stored], origin: int | None) -> tuple[int, int | None]:
    """Position and origin after these records."""
    told = _origin(records[-1])
    return records[-1].next, origin if told is None else told if origin is None else max(origin, told)


async def advance(db: Connection, reader: str, batch: Mapping[Partition, list[Stored]]) -> dict[Partition, int | None]:
    """Move each position from its batch's first offset to behind its last; returns the origin positions before.

    Raises StaleOffset when a position is not where the batch begins. Compacted topics have holes, others must not.
    """
    listed = sorted(batch)
    rows = await db.fetch(
        "SELECT topic, partition, next, origin FROM consumer_offset WHERE reader = $1 AND topic = ANY($2::text[]) FOR UPDATE",
        reader, sorted({partition.topic for partition in listed}),
    )
    known = {Partition(row["topic"], row["partition"]): (int(row["next"]), row["origin"]) for row in rows}
    stale = {
        partition: known[partition][0]
        for partition in listed
        if partition in known and not follows(partition, known[partition][0], batch[partition])
    }
    if stale:
        raise StaleOffset(stale)
    changed = await db.fetch(
        """
        INSERT INTO consumer_offset AS o (reader, topic, partition, next, origin)
        SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[])
        ON CONFLICT (reader, topic, partition) DO UPDATE
          SET next = excluded.next, origin = coalesce(greatest(o.origin, excluded.origin), o.origin), advanced_at = now()
          WHERE o.next <= excluded.next
        RETURNING topic
        """,
        reader,
        [partition.topic for partition in listed],
        [partition.number for partition in listed],
        [batch[partition][-1].next for partition in listed],
        [_origin(batch[partition][-1]) for partition in listed],
    )
    if len(changed) != len(listed):
        raise StaleOffset({partition: offset for partition, offset in (await read(db, reader, listed)).items() if offset is not None})
    return {partition: known[partition][1] if partition in known else None for partition in listed}


def follows(partition: Partition, position: int, records: Sequence[Stored]) -> bool:
    """Whether these records, at least one, are what comes at a position. Compacted topics have holes, others must not."""
    if partition.topic.startswith("ecrm.state."):
        return records[0].offset >= position
    return unbroken(position, records)


def _origin(record: Stored) -> int | None:
    found = header(record.headers, ORIGIN)
    return int(found) if found is not None else None
