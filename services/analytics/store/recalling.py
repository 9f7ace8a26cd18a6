"""The narrowed facts of one person, put back to how they stood at a moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.analytics.domain.computing import Definition
from services.analytics.store import computing, segment_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Facts carry their time: what came later is not seen. Orders stand as they are known today, so one that was cancelled since is none.
_LATER: Final = (
    "DELETE FROM touched_event WHERE occurred_at >= $at",
    "DELETE FROM touched_order WHERE ordered_at >= $at",
    "DELETE FROM touched_line WHERE ordered_at >= $at",
    "DELETE FROM touched_refund WHERE refunded_at >= $at",
    "DELETE FROM touched_message WHERE happened_at >= $at",
)
RFM: Final = "rfm"
STAGE: Final = "stage"


class Then(NamedTuple):
    """What others know of the moment; None: nobody could tell, so it stays as it is now. `scores`: name -> value; `said`: (purpose, channel, state);
    `lists`: those they were on; `computed`: the definitions of computed traits that were in force.
    """

    traits: Mapping[str, Any] | None
    language: str | None
    scores: Mapping[str, str]
    said: Sequence[tuple[str, str, str]] | None
    lists: Collection[UUID] = ()
    computed: Mapping[str, Definition] = {}


def put_back(connection: DuckDBPyConnection, *, customer: UUID, at: datetime, then: Then, currency: str, zone: str) -> None:
    """After the facts were narrowed to this customer, before a rule is asked."""
    for statement in _LATER:
        connection.execute(statement, {"at": at.astimezone(UTC).replace(tzinfo=None)})
    if then.traits is not None:
        connection.execute(
            """
            UPDATE population SET traits = json_merge_patch(json_object('account', json_extract(traits, '$.account')), $traits::JSON)::VARCHAR,
                language = $language
            """,
            {"traits": msgspec.json.encode(then.traits).decode(), "language": then.language},
        )
    connection.execute("DELETE FROM touched_score")
    if RFM in then.scores or STAGE in then.scores:
        r, f, m = map(int, then.scores[RFM]) if RFM in then.scores else (None, None, None)
        connection.execute(
            "INSERT INTO touched_score (customer, r, f, m, stage) VALUES ($1::UUID, $2, $3, $4, $5)", [str(customer), r, f, m, then.scores.get(STAGE)]
        )
    connection.execute("DELETE FROM touched_model_score")
    for name, value in then.scores.items():
        if name not in (RFM, STAGE):
            connection.execute("INSERT INTO touched_model_score (customer, name, value) VALUES ($1::UUID, $2, $3)", [str(customer), name, value])
    if then.said is not None:
        connection.execute("DELETE FROM touched_consent")
        for purpose, channel, state in then.said:
            connection.execute(
                "INSERT INTO touched_consent (customer, purpose, channel, state) VALUES ($1::UUID, $2, $3, $4)", [str(customer), purpose, channel, state]
            )
    connection.execute("DELETE FROM touched_listed")
    for segment in then.lists:
        connection.execute("INSERT INTO touched_listed (segment, customer) VALUES ($1, $2::UUID)", [str(segment), str(customer)])
    # At last, since points are given for rules that ask for all the others: what each definition of then makes of the facts of then.
    connection.execute("DELETE FROM touched_computed")
    for name, definition in then.computed.items():
        computing.values(connection, definition=definition, now=at, currency=currency, zone=zone, sources=segment_sql.NARROWED)
        connection.execute("INSERT INTO touched_computed (customer, name, value) SELECT customer, $1, value FROM fresh_value", [name])
