"""Purposes, ledger, what counts per person, merges, identities, permits."""

from __future__ import annotations

import json

from alembic import op
from sqlalchemy import text

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE purpose (
        purpose text NOT NULL, version int NOT NULL, basis text NOT NULL CHECK (basis IN ('opt_in', 'opt_out')),
        legal_basis text NOT NULL, channels text[] NOT NULL, title jsonb NOT NULL, wording jsonb NOT NULL,
        defined_at timestamptz NOT NULL DEFAULT now(), defined_by text NOT NULL, PRIMARY KEY (purpose, version))
    """,
    """
    CREATE TABLE entry (
        id uuid PRIMARY KEY, customer_id uuid, identity bytea, purpose text NOT NULL, channel text NOT NULL,
        state text NOT NULL CHECK (state IN ('granted', 'withdrawn')), wording_version int NOT NULL, language text,
        legal_basis text NOT NULL, source text NOT NULL, evidence jsonb NOT NULL, actor text NOT NULL,
        said_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(),
        CHECK (customer_id IS NOT NULL OR identity IS NOT NULL))
    """,
    "CREATE INDEX entry_customer ON entry (customer_id, id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX entry_identity ON entry (identity, id) WHERE identity IS NOT NULL",
    """
    CREATE TABLE person (
        customer_id uuid PRIMARY KEY, root_id uuid NOT NULL, said jsonb NOT NULL DEFAULT '{}', effective jsonb NOT NULL DEFAULT '{}',
        version bigint NOT NULL DEFAULT 0)
    """,
    "CREATE INDEX person_root ON person (root_id)",
    "CREATE TABLE merge (merged_id uuid PRIMARY KEY, into_id uuid NOT NULL, merged_at timestamptz NOT NULL)",
    "CREATE INDEX merge_into ON merge (into_id)",
    "CREATE TABLE identity_map (identity bytea PRIMARY KEY, kind text NOT NULL, customer_id uuid NOT NULL)",
    "CREATE TABLE waiting (entry_id uuid PRIMARY KEY REFERENCES entry (id), identity bytea NOT NULL)",
    "CREATE INDEX waiting_identity ON waiting (identity)",
    "CREATE TABLE permit_key (kid text PRIMARY KEY, public_key bytea NOT NULL, first_used_at timestamptz NOT NULL DEFAULT now())",
    """
    CREATE TABLE permit_batch (
        id uuid PRIMARY KEY, kid text NOT NULL, size int NOT NULL, root bytea NOT NULL, signature bytea NOT NULL, leaves bytea NOT NULL,
        people uuid[] NOT NULL, purposes text[] NOT NULL, granted_at timestamptz NOT NULL DEFAULT now(), closed_at timestamptz,
        outcomes jsonb)
    """,
    "CREATE INDEX permit_batch_open ON permit_batch (id) WHERE closed_at IS NULL",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'rows of % are only added, never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$
    """,
    *(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("entry", "purpose", "permit_key")
    ),
)

PURPOSES = (
    (
        "marketing", "opt_in", "consent", ["email", "sms", "phone", "post", "push"],
        {"en": "News and offers", "fa": "خبرها و پیشنهادها"},
        {
            "en": "You may send me news and offers on this channel. I can withdraw this at any time.",
            "fa": "می‌توانید خبرها و پیشنهادها را از این راه برای من بفرستید. هر زمان بخواهم این اجازه را پس می‌گیرم.",
        },
    ),
    (
        "analytics", "opt_out", "legitimate_interest", ["data"],
        {"en": "Understanding how our services are used", "fa": "شناخت چگونگی استفاده از خدمات ما"},
        {
            "en": "We measure how our services are used to improve them. You can refuse; the Global Privacy Control signal counts as a refusal.",
            "fa": "چگونگی استفاده از خدمات خود را برای بهتر کردن آنها می‌سنجیم. می‌توانید نپذیرید؛ نشانهٔ Global Privacy Control نیز به معنای نپذیرفتن است.",
        },
    ),
    (
        "profiling", "opt_out", "legitimate_interest", ["data"],
        {"en": "Choosing offers that suit you", "fa": "گزینش پیشنهادهای مناسب شما"},
        {
            "en": "We choose offers by what you bought and looked at. You can refuse; the Global Privacy Control signal counts as a refusal.",
            "fa": "پیشنهادها را بر پایهٔ خریدها و بازدیدهای شما برمی‌گزینیم. می‌توانید نپذیرید؛ نشانهٔ Global Privacy Control نیز به معنای نپذیرفتن است.",
        },
    ),
    (
        "sharing", "opt_in", "consent", ["data"],
        {"en": "Sharing data with partners", "fa": "در اختیار گذاشتن داده‌ها برای همکاران"},
        {
            "en": "You may share my data with the partners you name. I can withdraw this at any time.",
            "fa": "می‌توانید داده‌های مرا در اختیار همکارانی که نام برده‌اید بگذارید. هر زمان بخواهم این اجازه را پس می‌گیرم.",
        },
    ),
    (
        "service", "opt_out", "contract", ["email", "sms", "phone", "post", "push"],
        {"en": "Messages about your orders and requests", "fa": "پیام‌های مربوط به سفارش‌ها و درخواست‌های شما"},
        {
            "en": "We send messages that belong to your orders and requests, such as confirmations and delivery news.",
            "fa": "پیام‌هایی را می‌فرستیم که به سفارش‌ها و درخواست‌های شما مربوط است، مانند تأیید سفارش و خبر تحویل.",
        },
    ),
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in TABLES:
        op.execute(text(statement.replace(":", "\\:")))
    insert = text(
        "INSERT INTO purpose (purpose, version, basis, legal_basis, channels, title, wording, defined_by) "
        "VALUES (:purpose, 1, :basis, :legal_basis, :channels, cast(:title AS jsonb), cast(:wording AS jsonb), 'migration')"
    )
    for purpose, basis, legal_basis, channels, title, wording in PURPOSES:
        op.get_bind().execute(
            insert,
            {
                "purpose": purpose, "basis": basis, "legal_basis": legal_basis, "channels": channels,
                "title": json.dumps(title, ensure_ascii=False), "wording": json.dumps(wording, ensure_ascii=False),
            },
        )
