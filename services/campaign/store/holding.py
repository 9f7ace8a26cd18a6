"""What is held of a person here, table by table."""

from __future__ import annotations

from typing import Final

from chassis.holding import Holding, rows

HOLDINGS: Final[tuple[Holding, ...]] = (
    rows("recipient", "contact", "ours", "customer_id = ANY($1)", "customer_id", less=("version",)),
    rows("message", "messages", "observed", "customer_id = ANY($1)", "id", less=("address_hash", "lease_owner", "lease_until")),
    rows(
        "engagement", "messages", "observed", "message_id IN (SELECT id FROM message WHERE customer_id = ANY($1))",
        "message_id, kind, link, automated",
    ),
    rows("site_message", "messages", "observed", "customer_id = ANY($1)", "id"),
    rows("audience_list_member", "messages", "ours", "customer_id = ANY($1)", "list_id, customer_id"),
    rows("journey_person", "journeys", "observed", "customer_id = ANY($1)", "id"),
    rows(
        "journey_move", "journeys", "observed", "person_id IN (SELECT id FROM journey_person WHERE customer_id = ANY($1))", "person_id, number",
    ),
    rows("journey_errand", "journeys", "ours", "customer_id = ANY($1)", "id"),
    rows("journey_event", "journeys", "observed", "identity = ANY($2) OR customer_id = ANY($1)", "id", less=("id", "identity")),
    rows("journey_backtest_message", "journeys", "derived", "customer_id = ANY($1)", "backtest_id, number"),
    rows("journey_backtest_person", "journeys", "ours", "customer_id = ANY($1)", "backtest_id, at"),
    rows("segment_move", "scores", "derived", "customer_id = ANY($1)", "segment_id, at"),
    rows("customised", "purchases", "ours", "customer_id = ANY($1)", "id"),
    rows("telling", "messages", "ours", "customer_id = ANY($1)", "id"),
    rows("stated_spending", "scores", "observed", "customer_id = ANY($1)", "statement_id"),
    rows("annoyance", "messages", "observed", "customer_id = ANY($1)", "id"),
    rows("suppressed_address", "messages", "observed", "address_hash = ANY($2)", "address_hash"),
)
