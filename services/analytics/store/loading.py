"""Columns -> warehouse: effects and positions in one DuckDB transaction, appended as Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa

from chassis.eventlog import Partition, Stored
from chassis.positions import StaleOffset, follows
from contracts.envelope import ORIGIN, header
from services.analytics.store import decoding, erasing, service_loading
from services.analytics.store.decoding import Loaded
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Origins = Mapping[Partition, int | None]

_TEXT: Final = pa.string()
_TIME: Final = pa.timestamp("us")
_LONG: Final = pa.int64()


def read_positions(connection: DuckDBPyConnection, reader: str) -> dict[Partition, tuple[int, int | None]]:
    """Partition -> (next offset, last origin)."""
    rows = connection.execute("SELECT topic, part, next_offset, origin FROM position WHERE reader = ?", [reader]).fetchall()
    return {Partition(topic, part): (following, origin) for topic, part, following, origin in rows}


def apply_batch(connection: DuckDBPyConnection, reader: str, batch: Mapping[Partition, list[Stored]], *, checked: bool = False) -> int:
    """Load a micro-batch and move the positions, inside the caller's transaction; returns the commit's number.

    Raises StaleOffset when a position is not where the batch begins, duckdb.Error when a value does not convert.
    """
    known = read_positions(connection, reader)
    stale = {
        partition: known[partition][0] for partition, records in batch.items() if partition in known and not follows(partition, known[partition][0], records)
    }
    if stale:
        raise StaleOffset(stale)
    fresh: list[Stored] = []
    origins: dict[Partition, int | None] = {}
    for partition, records in batch.items():
        kept, origins[partition] = _above_origin(records, known[partition][1] if partition in known else None)
        fresh.extend(kept)
    loaded = decoding.read_records(fresh, checked=checked)
    newest = max((records[-1].appended_at for records in batch.values()), default=None)
    seq = store(connection, loaded, reader=reader, appended_at=newest)
    listed = list(batch)
    topics, numbers = [partition.topic for partition in listed], [partition.number for partition in listed]
    connection.execute(
        """
        MERGE INTO position p USING (
            SELECT $1 AS reader, unnest($2::VARCHAR[]) AS topic, unnest($3::INTEGER[]) AS part, unnest($4::BIGINT[]) AS following,
                   unnest($5::BIGINT[]) AS origin
        ) n ON p.reader = n.reader AND p.topic = n.topic AND p.part = n.part
        WHEN MATCHED THEN UPDATE SET next_offset = n.following, origin = n.origin
        WHEN NOT MATCHED THEN INSERT VALUES (n.reader, n.topic, n.part, n.following, n.origin)
        """,
        [reader, topics, numbers, [batch[partition][-1].next for partition in listed], [origins[partition] for partition in listed]],
    )
    return seq


def _above_origin(records: list[Stored], last: int | None) -> tuple[list[Stored], int | None]:
    """Without the records that their teller repeated after a crash, and the last origin then."""
    if header(records[0].headers, ORIGIN) is None:
        return records, last
    seen = -1 if last is None else last
    kept = []
    for record in records:
        origin = int(header(record.headers, ORIGIN) or b"-1")
        if origin > seen:
            kept.append(record)
            seen = origin
    return kept, seen


def store(connection: DuckDBPyConnection, loaded: Loaded, *, reader: str = "", appended_at: float | None = None) -> int:
    """Write what was decoded, inside the caller's transaction; returns the number of this commit."""
    found = one_row(
        connection,
        "UPDATE warehouse SET seq = seq + ?, appended_at = greatest(coalesce(appended_at, 0), ?) RETURNING seq",
        [1 if loaded.rows else 0, appended_at or 0.0],
    )
    assert found is not None
    seq = int(found[0])
    if loaded.events:
        _append_events(connection, loaded, seq)
    if loaded.identities or loaded.identities_gone:
        _upsert_identities(connection, loaded, seq)
    if loaded.profiles:
        _upsert_profiles(connection, loaded, seq, appended_at or 0.0)
    if loaded.consents:
        _replace_consents(connection, loaded, seq)
    if loaded.orders:
        _upsert_orders(connection, loaded, seq)
    if loaded.refunds:
        _insert_new(connection, "refund", "refund_id", list(loaded.refunds.values()), seq=seq, kinds=(
            _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _LONG, _TIME), casts={2: "UHUGEINT"})
    if loaded.messages:
        _insert_new(connection, "message", "fact_id", list(loaded.messages.values()), seq=seq, kinds=(
            _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, pa.bool_(), _TIME), casts={3: "UUID"})
    if loaded.campaigns:
        _insert_new(connection, "campaign", "campaign_id", list(loaded.campaigns.values()), seq=None, kinds=(
            _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _LONG, _TIME))
    if loaded.costs:
        _insert_new(connection, "cost", "cost_id", list(loaded.costs.values()), seq=None, kinds=(
            _TEXT, _TEXT, _TEXT, _TEXT, _LONG, _TEXT, pa.date32(), _TEXT), casts={7: "UUID"})
    service_loading.insert(connection, loaded.service, seq)
    erasing.apply(connection, loaded.erasures.values(), seq=seq)
    for reject in loaded.rejects:
        connection.execute("INSERT INTO reject VALUES (?, ?, ?, ?, ?, ?, ?)", [reader, *reject, seq])
    return seq


def _incoming(connection: DuckDBPyConnection, arrays: Sequence[Any]) -> None:
    """Show Arrow columns to SQL as `incoming(c0, c1, …)`."""
    connection.register("incoming", pa.Table.from_arrays(list(arrays), names=[f"c{number}" for number in range(len(arrays))]))


def _append_events(connection: DuckDBPyConnection, loaded: Loaded, seq: int) -> None:
    events = loaded.events
    utm = decoding.columns([decoding.utm(event) for event in events], 3)
    _incoming(connection, (
        pa.array([event.id for event in events], _TEXT),
        pa.array([event.source for event in events], _TEXT),
        pa.array([event.authority for event in events], _TEXT),
        pa.array([event.kind for event in events], _TEXT),
        pa.array([event.name for event in events], _TEXT),
        pa.array([event.channel for event in events], _TEXT),
        pa.array([event.initiator for event in events], _TEXT),
        pa.array([event.identity for event in events], _TEXT),
        pa.array([event.occurred_at for event in events], _TEXT),
        pa.array([event.received_at for event in events], _TEXT),
        pa.array([bytes(event.personal.properties) for event in events], _TEXT),
        pa.array([event.gpc for event in events], pa.bool_()),
        *(pa.array(column, _TEXT) for column in utm),
    ))
    connection.execute(
        """
        INSERT INTO event (id, source, authority, kind, name, channel, initiator, identity, occurred_at, received_at, properties, gpc, seq,
                           utm_source, utm_medium, utm_campaign, price, value, category, product_id, sku)
        SELECT c0, c1, c2, c3, c4, c5, c6, ('0x' || c7)::UHUGEINT, c8::TIMESTAMP, c9::TIMESTAMP, c10, c11, ?, c12, c13, c14,
               TRY_CAST(own[1] AS DOUBLE), TRY_CAST(own[2] AS DOUBLE), own[3], own[4], own[5]
        FROM (SELECT *, json_extract_string(c10, ['/price', '/value', '/category', '/product_id', '/sku']) AS own FROM incoming)
        """,
        [seq],
    )


def _upsert_identities(connection: DuckDBPyConnection, loaded: Loaded, seq: int) -> None:
    if loaded.identities_gone:
        _incoming(connection, (pa.array(loaded.identities_gone, _TEXT),))
        connection.execute("DELETE FROM identity WHERE identity IN (SELECT c0::UHUGEINT FROM incoming)")
    if not loaded.identities:
        return
    rows = [(key, kind, customer) for key, (kind, customer) in loaded.identities.items()]
    keys, kinds, customers = decoding.columns(rows, 3)
    _incoming(connection, (pa.array(keys, _TEXT), pa.array(kinds, _TEXT), pa.array(customers, _TEXT)))
    connection.execute(
        """
        MERGE INTO identity i USING (SELECT c0::UHUGEINT AS identity, c1 AS kind, c2::UUID AS customer, $1 AS seq FROM incoming) n
        ON i.identity = n.identity
        WHEN MATCHED THEN UPDATE SET
            kind = n.kind, customer = n.customer, previous = CASE WHEN i.customer = n.customer THEN i.previous ELSE i.customer END, seq = n.seq
        WHEN NOT MATCHED THEN INSERT VALUES (n.identity, n.kind, n.customer, NULL, n.seq)
        """,
        [seq],
    )


#: When a trait of somebody known got another value: at the latest when the profile was told. Traits of a first profile are as old as we know of.
_NOTE_CHANGES: Final = """
MERGE INTO trait_change t USING (
    WITH named AS (SELECT c0::UUID AS customer, c9 AS traits, unnest(json_keys(c9)) AS name FROM incoming),
    pointed AS (SELECT *, '/' || replace(replace(name, '~', '~0'), '/', '~1') AS pointer FROM named)
    SELECT n.customer, n.name, to_timestamp($1)::TIMESTAMP AS changed_at FROM pointed n JOIN customer o ON o.customer = n.customer
    WHERE json_extract(o.traits, n.pointer) IS DISTINCT FROM json_extract(n.traits, n.pointer)
) s ON t.customer = s.customer AND t.name = s.name
WHEN MATCHED THEN UPDATE SET changed_at = s.changed_at
WHEN NOT MATCHED THEN INSERT VALUES (s.customer, s.name, s.changed_at)
"""


def _upsert_profiles(connection: DuckDBPyConnection, loaded: Loaded, seq: int, at: float) -> None:
    kinds = (_TEXT, _LONG, _TIME, _TEXT, pa.bool_(), pa.bool_(), pa.bool_(), pa.bool_(), _TEXT, _TEXT, _TEXT)
    rows = list(loaded.profiles.values())
    _incoming(connection, [pa.array(column, kind) for column, kind in zip(decoding.columns(rows, 11), kinds, strict=True)])
    connection.execute(_NOTE_CHANGES, [at])
    connection.execute("DELETE FROM customer WHERE customer IN (SELECT c0::UUID FROM incoming)")
    connection.execute(
        """
        INSERT INTO customer (customer, version, registered_at, merged_into, live, known, has_email, has_phone, language, traits, type, seq)
        SELECT c0::UUID, c1, c2, c3::UUID, c4, c5, c6, c7, c8, c9, c10, ? FROM incoming
        """,
        [seq],
    )
    touched = one_row(
        connection,
        "SELECT count(*) FROM incoming WHERE c3 IS NOT NULL OR c0::UUID IN (SELECT customer FROM alias)"
    )
    if touched is not None and touched[0]:
        _follow_merges(connection)


def _follow_merges(connection: DuckDBPyConnection) -> None:
    """Who each merged-away customer is now; chains of merges end at the survivor."""
    connection.execute("DELETE FROM alias")
    connection.execute(
        """
        INSERT INTO alias
        WITH RECURSIVE chain(customer, root, depth) AS (
            SELECT customer, merged_into, 1 FROM customer WHERE merged_into IS NOT NULL
            UNION ALL
            SELECT chain.customer, c.merged_into, depth + 1 FROM chain JOIN customer c ON c.customer = chain.root
            WHERE c.merged_into IS NOT NULL AND depth < 50
        )
        SELECT customer, arg_max(root, depth) FROM chain GROUP BY customer
        """
    )


def _replace_consents(connection: DuckDBPyConnection, loaded: Loaded, seq: int) -> None:
    _incoming(connection, (pa.array(list(loaded.consents), _TEXT),))
    connection.execute("DELETE FROM consent WHERE customer IN (SELECT c0::UUID FROM incoming)")
    rows = [row for said in loaded.consents.values() for row in said] + [
        (customer, "", "", "none") for customer, said in loaded.consents.items() if not said
    ]
    _incoming(connection, [pa.array(column, _TEXT) for column in decoding.columns(rows, 4)])
    connection.execute("INSERT INTO consent SELECT c0::UUID, c1, c2, c3, ? FROM incoming", [seq])


def _upsert_orders(connection: DuckDBPyConnection, loaded: Loaded, seq: int) -> None:
    orders = list(loaded.orders.values())
    rows = [
        (
            o.order_id, decoding.hash_of(o.identity), o.source, o.status, o.currency, o.ordered_at, o.paid_minor, o.net_minor, o.refunded_minor,
            o.coupon, o.affiliation, o.version, o.status not in decoding.NOT_AN_ORDER and not 0 < o.net_minor <= o.refunded_minor,
        )
        for o in orders
    ]
    kinds = (_TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TIME, _LONG, _LONG, _LONG, _TEXT, _TEXT, _LONG, pa.bool_())
    _incoming(connection, [pa.array(column, kind) for column, kind in zip(decoding.columns(rows, 13), kinds, strict=True)])
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE newer AS SELECT c0 AS order_id FROM incoming n
        WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.order_id = n.c0 AND o.version > n.c11)
        """
    )
    connection.execute("DELETE FROM orders WHERE order_id IN (SELECT order_id FROM newer)")
    connection.execute("DELETE FROM line WHERE order_id IN (SELECT order_id FROM newer)")
    connection.execute(
        """
        INSERT INTO orders SELECT c0, c1::UHUGEINT, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, ? FROM incoming
        WHERE c0 IN (SELECT order_id FROM newer)
        """,
        [seq],
    )
    lines = [
        (o.order_id, line.product_id, line.category, line.brand, float(line.quantity), line.amount_minor) for o in orders for line in o.lines
    ]
    if lines:
        line_kinds = (_TEXT, _TEXT, _TEXT, _TEXT, pa.float64(), _LONG)
        _incoming(connection, [pa.array(column, kind) for column, kind in zip(decoding.columns(lines, 6), line_kinds, strict=True)])
        connection.execute("INSERT INTO line SELECT * FROM incoming WHERE c0 IN (SELECT order_id FROM newer)")


def _insert_new(
    connection: DuckDBPyConnection, table: str, key: str, rows: list[tuple[Any, ...]], *, seq: int | None, kinds: Sequence[Any],
    casts: Mapping[int, str] | None = None,
) -> None:
    """Append the rows whose key (their first column) is not there yet: facts may be told twice. Names are this module's own."""
    _incoming(connection, [pa.array(column, kind) for column, kind in zip(decoding.columns(rows, len(kinds)), kinds, strict=True)])
    listed = ", ".join(f"c{number}::{casts[number]}" if casts and number in casts else f"c{number}" for number in range(len(kinds)))
    number = ", ?" if seq is not None else ""
    sql = f"INSERT INTO {table} SELECT {listed}{number} FROM incoming WHERE c0 NOT IN (SELECT {key} FROM {table})"  # noqa: S608 - own names
    connection.execute(sql, [] if seq is None else [seq])


def is_bad_value(error: duckdb.Error) -> bool:
    """Whether the data are at fault, not the disk or memory."""
    return isinstance(error, duckdb.DataError | duckdb.InvalidInputException | duckdb.ProgrammingError)


def rejects(connection: DuckDBPyConnection, *, limit: int) -> list[dict[str, Any]]:
    """Where the records are that could not be read, and why; the newest first."""
    rows = connection.execute(
        "SELECT topic, part, record_offset, cause, coalesce(octet_length(value), 0) FROM reject ORDER BY seq DESC, record_offset DESC LIMIT ?", [limit]
    ).fetchall()
    return [dict(zip(("topic", "partition", "offset", "cause", "bytes"), row, strict=True)) for row in rows]
