"""What rules of retention may end here, table by table."""

from __future__ import annotations

from typing import Final

from chassis.retaining import Kept, rows

KEPT: Final[tuple[Kept, ...]] = (
    rows("activity", "interaction", "t.received_at < $1", ("id", "received_at")),
    rows("activity", "touchpoint", "t.occurred_at < $1", ("interaction_id",)),
    rows("activity", "visit", "t.ended_at < $1", ("identity", "started_at")),
    rows("activity", "session", "t.ended_at < $1", ("owner", "started_at")),
    rows("activity", "mail_sender", "t.hour < $1", ("identity", "hour")),
    rows("activity", "partner_contact", "t.occurred_at < $1", ("interaction_id",)),
    rows("answers", "survey_answer", "t.answered_at < $1", ("survey_id", "wave", "question_id", "identity")),
    rows("answers", "room_post", "t.posted_at < $1 AND t.text <> ''", ("id",), emptied="text = '', hidden = true"),
    rows("service", "case_note", "EXISTS (SELECT FROM support_case c WHERE c.id = t.case_id AND c.closed_at < $1)", ("id",)),
    rows(
        "service", "case_change", "t.content <> '{}' AND EXISTS (SELECT FROM support_case c WHERE c.id = t.case_id AND c.closed_at < $1)", ("id",),
        emptied="content = '{}'",
    ),
    rows(
        "service", "support_case", "t.closed_at < $1 AND (t.subject <> '' OR t.customer_id IS NOT NULL OR t.identity IS NOT NULL)", ("id",),
        emptied="subject = '', tags = '{}', outcome = NULL, customer_id = NULL, identity = NULL",
    ),
    rows("service", "customer_note", "t.retired_at < $1", ("id",)),
    rows("messages", "message_entry", "t.occurred_at < $1", ("id",)),
)
