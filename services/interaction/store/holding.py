"""What is held of a person here, table by table; the conditions are those of erasing."""

from __future__ import annotations

from typing import Final

from chassis.holding import Holding, rows

_CASES: Final = "(SELECT id FROM support_case WHERE customer_id = ANY($1) OR identity = ANY($2))"
_HASHES: Final = ("identity",)

HOLDINGS: Final[tuple[Holding, ...]] = (
    rows(
        "interaction", "activity", "observed", "identity = ANY($2)", "received_at, id", parsed=("record",),
        less=("identity", "collected_partition", "collected_offset"),
    ),
    rows("touchpoint", "activity", "observed", "identity = ANY($2)", "interaction_id", less=_HASHES),
    rows("visit", "activity", "observed", "identity = ANY($2)", "started_at, identity", less=_HASHES),
    rows("session", "activity", "observed", "owner = ANY($1)", "owner, started_at"),
    rows("consent_signal", "consents", "observed", "identity = ANY($2)", "day, signal, identity", less=_HASHES),
    rows("partner_contact", "activity", "observed", "identity = ANY($2)", "interaction_id", less=_HASHES),
    rows("survey_answer", "answers", "given", "identity = ANY($2)", "answered_at, survey_id, wave, question_id, identity", less=_HASHES, parsed=("answer",)),
    rows("mail_sender", "activity", "ours", "identity = ANY($2)", "hour, identity", less=_HASHES),
    rows(
        "attachment_use", "activity", "given",
        "interaction_id IN (SELECT id FROM interaction WHERE identity = ANY($2) AND kind = 'email')", "interaction_id, to_jsonb(t)::text",
    ),
    rows("support_case", "service", "given", "customer_id = ANY($1) OR identity = ANY($2)", "id", less=("identity", "route_at", "version")),
    rows("case_note", "service", "ours", f"case_id IN {_CASES}", "id"),
    rows("case_thread", "service", "ours", f"case_id IN {_CASES}", "thread"),
    rows("case_change", "service", "ours", f"case_id IN {_CASES}", "id", parsed=("content",)),
    rows("case_contact", "service", "observed", f"case_id IN {_CASES}", "interaction_id"),
    rows("case_survey", "answers", "given", f"case_id IN {_CASES}", "case_id, resolution"),
    rows("task", "service", "ours", f"customer_id = ANY($1) OR case_id IN {_CASES}", "id", less=("version",)),
    rows("opportunity", "orders", "ours", "customer_id = ANY($1)", "id", less=("version",), parsed=("products",)),
    rows("lead", "orders", "given", "customer_id = ANY($1) OR identity = ANY($2)", "id", less=("identity", "version"), parsed=("contact",)),
    rows("room_post", "answers", "given", "customer_id = ANY($1)", "id"),
    rows("auction", "orders", "observed", "winner_id = ANY($1) OR seller_id = ANY($1)", "id"),
    rows("auction_bid", "orders", "observed", "customer_id = ANY($1)", "auction_id, number"),
    rows("deputy", "orders", "given", "customer_id = ANY($1)", "id", less=("key_hash",)),
    rows("customer_note", "service", "ours", "customer_id = ANY($1)", "id"),
    rows("customer_seen", "profile", "ours", "customer_id = ANY($1)", "customer_id"),
    rows("message_entry", "messages", "observed", "customer_id = ANY($1)", "occurred_at, id", parsed=("content",)),
    rows("consent_state", "consents", "ours", "customer_id = ANY($1)", "customer_id"),
    rows("orders", "orders", "observed", "identity = ANY($2)", "order_id", less=("identity", "version"), parsed=("state",)),
    rows(
        "order_version", "orders", "observed", "order_id IN (SELECT order_id FROM orders WHERE identity = ANY($2))", "order_id, t.version",
        parsed=("content",),
    ),
    rows("credit_note", "orders", "observed", "identity = ANY($2)", "credit_id", less=_HASHES),
    rows("merged_customer", "profile", "ours", "merged_id = ANY($1) OR into_id = ANY($1)", "merged_id"),
    rows("identity_map", "profile", "ours", "customer_id = ANY($1) OR identity = ANY($2)", "identity"),
)
