"""Visits of people (identities of one customer are one visitor), what each day counted, and the figures made of it.

`session` holds each visit of a person, those of several identities that touch joined into one; `session_day` and `session_top` hold what a day
(UTC) counts. One writer at a time changes the three (`alone`), always together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection

#: Held shared by whoever changes whose an identity is, alone by whoever joins visits.
_LOCK: Final = 7_011_924
#: Before everything.
EVER: Final = datetime(1, 1, 2, tzinfo=UTC)
_DAY: Final = timedelta(days=1)

_SUMS: Final = (
    "visits", "first_visits", "bounces", "pages", "events", "microseconds", "reached_1", "reached_2", "reached_3", "reached_4",
    "seen_1", "seen_2", "seen_3", "seen_4",
)
#: The sums of one session, in the order of `_SUMS`.
_ONE: Final = """
    1 AS visits, (previous_at IS NULL)::int AS first_visits, (events = 1)::int AS bounces, pages, events,
    (extract(epoch FROM ended_at - started_at) * 1000000)::bigint AS microseconds,
    (reach >= 1)::int AS reached_1, (reach >= 2)::int AS reached_2, (reach >= 3)::int AS reached_3, (reach >= 4)::int AS reached_4,
    (seen & 1 > 0)::int AS seen_1, (seen & 2 > 0)::int AS seen_2, (seen & 4 > 0)::int AS seen_3, (seen & 8 > 0)::int AS seen_4"""
_NAMED: Final = """
    CROSS JOIN LATERAL (VALUES ('entry', entry), ('exit', exit), ('referrer', referrer), ('campaign', campaign)) AS told (what, name) WHERE told.name IS NOT NULL"""


def _counting(sign: str) -> str:
    """Add the sessions of the part `changed` to what their days count, or take them away."""
    sums = ", ".join(f"{sign}sum({name})" for name in _SUMS)
    more = ", ".join(f"{name} = d.{name} + excluded.{name}" for name in _SUMS)
    return f"""
    , days AS (
        INSERT INTO session_day AS d (day, source, previous_day, previous_here, {", ".join(_SUMS)})
        SELECT day, source, previous_day, previous_here, {sums} FROM (
            SELECT (started_at AT TIME ZONE 'UTC')::date AS day, source, coalesce((previous_at AT TIME ZONE 'UTC')::date, '-infinity') AS previous_day,
                coalesce((previous_here_at AT TIME ZONE 'UTC')::date, '-infinity') AS previous_here, {_ONE} FROM changed) AS counted
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (day, source, previous_day, previous_here) DO UPDATE SET {more})
    INSERT INTO session_top AS t (day, source, what, key, name, visits)
    SELECT day, source, what, md5(name)::uuid, name, {sign}count(*) FROM (
        SELECT (started_at AT TIME ZONE 'UTC')::date AS day, source, told.what, told.name FROM changed {_NAMED}) AS counted
    GROUP BY 1, 2, 3, 5 ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, source, what, key) DO UPDATE SET visits = t.visits + excluded.visits
    """  # noqa: S608 - constants


#: The sessions of (owner, time) that reach to the time or begin later.
_REMOVE: Final = (
    """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS given (owner, since)),
    changed AS (DELETE FROM session s USING wanted w WHERE s.owner = w.owner AND s.started_at >= w.since RETURNING s.*)
    """  # noqa: S608 - constants
    + _counting("-")
)

#: Visits of (owner, time) from the time on, those that touch joined.
_INSERT: Final = (
    """
    WITH wanted AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS given (owner, since)),
    owned AS MATERIALIZED (
        SELECT w.owner, w.since, v.* FROM wanted w JOIN visit_owner o ON o.owner = w.owner
        JOIN visit v ON v.identity = o.identity AND v.started_at >= w.since),
    marked AS (
        SELECT *, started_at <= max(ended_at) OVER (PARTITION BY owner ORDER BY started_at, identity ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            + interval '30 minutes' AS goes_on FROM owned),
    numbered AS (
        SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER (PARTITION BY owner ORDER BY started_at, identity) AS number FROM marked),
    whole AS (
        SELECT owner, min(since) AS since, min(started_at) AS started_at, max(ended_at) AS ended_at, (array_agg(source ORDER BY started_at, identity))[1] AS source,
            sum(events) AS events, sum(pages) AS pages,
            (array_agg(entry ORDER BY started_at) FILTER (WHERE entry IS NOT NULL))[1] AS entry,
            (array_agg(exit ORDER BY ended_at DESC) FILTER (WHERE exit IS NOT NULL))[1] AS exit,
            (array_agg(referrer ORDER BY started_at) FILTER (WHERE referrer IS NOT NULL))[1] AS referrer,
            (array_agg(campaign ORDER BY started_at) FILTER (WHERE campaign IS NOT NULL))[1] AS campaign,
            (visit_reach(reach ORDER BY started_at, identity))[1] AS reach, bit_or(seen) AS seen
        FROM numbered GROUP BY owner, number),
    changed AS (
        INSERT INTO session (owner, started_at, ended_at, source, events, pages, entry, exit, referrer, campaign, reach, seen, previous_at, previous_here_at)
        SELECT owner, started_at, ended_at, source, events, pages, entry, exit, referrer, campaign, reach, seen,
            coalesce(lag(started_at) OVER (PARTITION BY owner ORDER BY started_at),
                     (SELECT max(s.started_at) FROM session s WHERE s.owner = w.owner AND s.started_at < w.since)),
            coalesce(lag(started_at) OVER (PARTITION BY owner, source ORDER BY started_at),
                     (SELECT max(s.started_at) FROM session s WHERE s.owner = w.owner AND s.started_at < w.since AND s.source = w.source))
        FROM whole w RETURNING *)
    """  # noqa: S608 - constants
    + _counting("+")
)


async def alone(db: Connection) -> None:
    """Until the end of the transaction nobody else joins visits, and whose an identity is stays."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def mark(db: Connection, visits: Mapping[bytes, datetime]) -> None:
    """Visits of these identities changed from a time on."""
    if visits:
        await db.execute(
            """
            INSERT INTO session_dirty AS d (identity, since) SELECT * FROM unnest($1::bytea[], $2::timestamptz[]) ORDER BY 1
            ON CONFLICT (identity) DO UPDATE SET since = least(d.since, excluded.since)
            """,
            list(visits), list(visits.values()),
        )


async def mark_moved(db: Connection, identities: Sequence[bytes]) -> None:
    """These identities have another owner since this transaction; those without visits do not matter."""
    await db.execute("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)
    await db.execute(
        """
        INSERT INTO session_dirty AS d (identity, since)
        SELECT g.identity, $2 FROM (SELECT DISTINCT unnest($1::bytea[]) AS identity) AS g
        WHERE EXISTS (SELECT FROM visit v WHERE v.identity = g.identity) ORDER BY 1
        ON CONFLICT (identity) DO UPDATE SET since = excluded.since
        """,
        identities, EVER,
    )


async def take_marked(db: Connection, limit: int) -> dict[bytes, datetime]:
    """Some of the marks, taken away."""
    rows = await db.fetch(
        "DELETE FROM session_dirty WHERE identity IN (SELECT identity FROM session_dirty LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING identity, since", limit
    )
    return {row["identity"]: row["since"] for row in rows}


async def list_owners(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """(identity, before, now): under whom its visits are joined, and the customer whose it is; None for nobody."""
    return await db.fetch(
        """
        WITH RECURSIVE up (identity, id, depth) AS (
            SELECT g.identity, i.customer_id, 0 FROM unnest($1::bytea[]) AS g (identity) LEFT JOIN identity_map i ON i.identity = g.identity
            UNION SELECT up.identity, m.into_id, up.depth + 1 FROM up JOIN merged_customer m ON m.merged_id = up.id WHERE up.depth < 1000)
        SELECT DISTINCT ON (up.identity) up.identity, o.owner AS before, up.id AS now FROM up LEFT JOIN visit_owner o ON o.identity = up.identity
        ORDER BY up.identity, up.depth DESC
        """,
        identities,
    )


async def put_owners(db: Connection, owners: Mapping[bytes, UUID]) -> None:
    """Under whom the visits of identities are joined from now on."""
    await db.execute(
        """
        INSERT INTO visit_owner (identity, owner) SELECT * FROM unnest($1::bytea[], $2::uuid[]) ORDER BY 1
        ON CONFLICT (identity) DO UPDATE SET owner = excluded.owner
        """,
        list(owners), list(owners.values()),
    )


async def rejoin(db: Connection, owners: Mapping[UUID, datetime]) -> None:
    """Join the visits of owners anew, from a time on. Only for whoever is `alone`."""
    rows = await db.fetch(
        """
        SELECT w.owner, coalesce(last.started_at, w.since) AS since FROM unnest($1::uuid[], $2::timestamptz[]) AS w (owner, since)
        LEFT JOIN LATERAL (
            SELECT CASE WHEN ended_at >= w.since - interval '30 minutes' THEN started_at END AS started_at FROM session s
            WHERE s.owner = w.owner AND s.started_at <= w.since ORDER BY s.started_at DESC LIMIT 1) AS last ON true
        """,
        list(owners), list(owners.values()),
    )
    given = ([row["owner"] for row in rows], [row["since"] for row in rows])
    await db.execute(_REMOVE, *given)
    await db.execute(_INSERT, *given)


async def forget(db: Connection, owners: Sequence[UUID]) -> None:
    """Take the sessions of owners out of the figures, too. Only for whoever is `alone`."""
    await db.execute(_REMOVE, owners, [EVER] * len(owners))


#: $1 since, $2 until (of the whole); $3 source; $4, $5 whole days; $6, $7: single sessions before $6 and from $7 on.
_EDGES: Final = """
    SELECT * FROM session WHERE (started_at >= $1 AND started_at < $6 OR started_at >= $7 AND started_at < $2) AND ($3::text IS NULL OR source = $3)"""

_FIGURES: Final = f"""
    WITH edge AS MATERIALIZED ({_EDGES}),
    parts AS (
        SELECT {", ".join(_SUMS)},
            CASE WHEN CASE WHEN $3::text IS NULL THEN previous_day ELSE previous_here END < ($1::timestamptz AT TIME ZONE 'UTC')::date THEN visits ELSE 0 END AS visitors
        FROM session_day WHERE day >= $4::date AND day < $5::date AND ($3::text IS NULL OR source = $3)
        UNION ALL
        SELECT {_ONE}, (coalesce(CASE WHEN $3::text IS NULL THEN previous_at ELSE previous_here_at END, '-infinity') < $1)::int FROM edge)
    SELECT {", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in (*_SUMS, "visitors"))} FROM parts
"""  # noqa: S608 - constants

#: Sessions on whole days whose visitor was here earlier on the day on which the time begins, but before it does.
_SAME_DAY: Final = """
    SELECT count(*) FROM session WHERE previous_at >= $1 AND previous_at < $2 AND started_at >= $3 AND started_at < $4
"""
_SAME_DAY_HERE: Final = """
    SELECT count(*) FROM session WHERE previous_here_at >= $1 AND previous_here_at < $2 AND started_at >= $3 AND started_at < $4 AND source = $5
"""

_TOPS: Final = f"""
    WITH edge AS MATERIALIZED ({_EDGES}),
    counted AS (
        SELECT what, name, sum(visits)::bigint AS visits FROM (
            SELECT what, name, visits FROM session_top WHERE day >= $4::date AND day < $5::date AND ($3::text IS NULL OR source = $3)
            UNION ALL SELECT told.what, told.name, 1 FROM edge {_NAMED}) AS part
        GROUP BY what, name HAVING sum(visits) > 0),
    ranked AS (SELECT *, row_number() OVER (PARTITION BY what ORDER BY visits DESC, name) AS place FROM counted)
    SELECT what, name, visits FROM ranked WHERE place <= 20 ORDER BY what, place
"""  # noqa: S608 - constants


async def find_figures(db: Connection, *, since: datetime, until: datetime, source: str | None) -> tuple[dict[str, Any], list[asyncpg.Record]]:
    """The figures of the sessions that began in a time, and (what, name, visits) of the most frequent entries, exits, referrers and campaigns.

    Whole days come from what was counted, what is left at both ends from the sessions themselves.
    """
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    today = since.replace(hour=0, minute=0, second=0, microsecond=0)
    first = today if today == since else today + _DAY
    last = until.replace(hour=0, minute=0, second=0, microsecond=0)
    if first >= last:
        first = last = until
    given = (since, until, source, first.date(), last.date(), first, last)
    if first == last:
        given = (since, until, source, first.date(), first.date(), until, until)
    row = await db.fetchrow(_FIGURES, *given)
    assert row is not None
    found = dict(row)
    if first < last and today < since:
        between = (today, since, first, last)
        found["visitors"] += await (db.fetchval(_SAME_DAY, *between) if source is None else db.fetchval(_SAME_DAY_HERE, *between, source))
    return found, await db.fetch(_TOPS, *given)
