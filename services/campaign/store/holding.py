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
    rows("in_app_message", "messages", "observed", "customer_id = ANY($1)", "key"),
    rows("audience_list_member", "messages", "ours", "customer_id = ANY($1)", "list_id, customer_id"),
    rows("suppressed_address", "messages", "observed", "address_hash = ANY($2)", "address_hash"),
)
