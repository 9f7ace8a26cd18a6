"""The narrowed facts of one person, put back to how they stood at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import msgspec

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
    """What others know of the moment; None: nobody could tell, so it stays as it is now. `scores`: name -> value; `said`: (purpose, channel, state)."""

    traits: Mapping[str, Any] | None
    language: str | None
    scores: Mapping[str, str]
    said: Sequence[tuple[str, str, str]] | None


def put_back(connection: DuckDBPyConnection, *, customer: UUID, at: datetime, then: Then) -> None:
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
