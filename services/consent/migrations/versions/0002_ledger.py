"""The chain of the ledger and what proves it; models, consequences and expiry of purposes; pending grants; imports; consent modes."""

from __future__ import annotations

import json

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"

STATEMENTS: tuple[str, ...] = (
    "CREATE SEQUENCE ledger_tick",
    # Purposes.
    "ALTER TABLE purpose DROP CONSTRAINT purpose_basis_check",
    "ALTER TABLE purpose ADD CONSTRAINT purpose_basis_check CHECK (basis IN ('opt_in', 'double_opt_in', 'opt_out'))",
    """
    ALTER TABLE purpose ADD COLUMN consequences jsonb NOT NULL DEFAULT '{}', ADD COLUMN expires_after_days int CHECK (expires_after_days > 0),
        ADD COLUMN tick bigint NOT NULL DEFAULT nextval('ledger_tick')
    """,
    # What is personal stands beside the entry, so that it can be erased and the entry, with its commitment in the chain, stays.
    """
    CREATE TABLE entry_person (
        entry_id uuid PRIMARY KEY REFERENCES entry (id), customer_id uuid, identity bytea, language text, source text NOT NULL,
        evidence jsonb NOT NULL, actor text NOT NULL, salt bytea NOT NULL, CHECK (customer_id IS NOT NULL OR identity IS NOT NULL))
    """,
    """
    INSERT INTO entry_person SELECT id, customer_id, identity, language, source, evidence, actor,
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) FROM entry
    """,
    "CREATE INDEX entry_person_customer ON entry_person (customer_id, entry_id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX entry_person_identity ON entry_person (identity, entry_id) WHERE identity IS NOT NULL",
    "CREATE INDEX entry_person_into ON entry_person ((evidence ->> 'into')) WHERE evidence ? 'into'",
    """
    ALTER TABLE entry DROP COLUMN customer_id, DROP COLUMN identity, DROP COLUMN language, DROP COLUMN source, DROP COLUMN evidence,
        DROP COLUMN actor, ADD COLUMN expires_at timestamptz, ADD COLUMN refers uuid[] NOT NULL DEFAULT '{}',
        ADD COLUMN tick bigint NOT NULL DEFAULT nextval('ledger_tick')
    """,
    "CREATE INDEX entry_refers ON entry USING gin (refers) WHERE state = 'granted'",
    "ALTER TABLE entry DROP CONSTRAINT entry_state_check",
    """
    ALTER TABLE entry ADD CONSTRAINT entry_state_check
        CHECK (state IN ('granted', 'withdrawn', 'expired', 'pending', 'merged', 'unmerged', 'split', 'linked', 'erased'))
    """,
    """
    CREATE FUNCTION refuse_unless_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_user = (SELECT tableowner FROM pg_tables WHERE schemaname = TG_TABLE_SCHEMA AND tablename = TG_TABLE_NAME) THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'rows of % are only added, or erased by erase_entries', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER entry_person_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_person
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_unless_owner()
    """,
    # The one way to erase: with an entry that says so. The service may call it, and delete nothing itself.
    """
    CREATE FUNCTION erase_entries(erasure uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE erased bigint;
    BEGIN
        DELETE FROM entry_person WHERE entry_id IN (SELECT unnest(refers) FROM entry WHERE id = erasure AND state = 'erased');
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN erased;
    END $$
    """,
    # The chain. Whatever is added waits here until the sealer chains it: nothing waits for the chain.
    "CREATE TABLE unsealed (tick bigint PRIMARY KEY, kind text NOT NULL, ref text NOT NULL)",
    """
    CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = 'entry' THEN INSERT INTO unsealed SELECT tick, 'entry', id::text FROM added;
        ELSE INSERT INTO unsealed SELECT tick, 'purpose', purpose || '/' || version FROM added;
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"CREATE TRIGGER {table}_awaits_seal AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_seal()"
        for table in ("entry", "purpose")
    ),
    "INSERT INTO unsealed SELECT tick, 'entry', id::text FROM entry",
    """
    CREATE TABLE chain_link (
        seq bigint PRIMARY KEY, tick bigint NOT NULL UNIQUE, kind text NOT NULL, ref text NOT NULL, body text NOT NULL, hash bytea NOT NULL)
    """,
    """
    CREATE TABLE chain_root (
        number bigint PRIMARY KEY, first bigint NOT NULL, last bigint NOT NULL, root bytea NOT NULL, head bytea NOT NULL,
        signed_at timestamptz NOT NULL, kid text NOT NULL, signature bytea NOT NULL)
    """,
    *(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("chain_link", "chain_root")
    ),
    # Keys hand over to their successors; permits say when, and in which place among the entries.
    """
    ALTER TABLE permit_key ADD COLUMN epoch int NOT NULL DEFAULT 0, ADD COLUMN endorsed_by text, ADD COLUMN endorsement bytea
    """,
    "ALTER TABLE permit_batch ADD COLUMN tick bigint NOT NULL DEFAULT 0, ADD COLUMN life_ms int NOT NULL DEFAULT 0",
    "CREATE INDEX permit_batch_tick ON permit_batch (tick)",
    # Grants that end by themselves, and those that wait for a confirmation.
    "ALTER TABLE person ADD COLUMN lapses_at timestamptz",
    "CREATE INDEX person_lapses ON person (lapses_at) WHERE lapses_at IS NOT NULL",
    "CREATE TABLE pending (entry_id uuid PRIMARY KEY REFERENCES entry (id), expires_at timestamptz NOT NULL)",
    "CREATE INDEX pending_expires ON pending (expires_at)",
    # Old consents from files.
    """
    CREATE TABLE consent_import (
        id uuid PRIMARY KEY, name text NOT NULL, format text NOT NULL, layout jsonb NOT NULL, dry_run boolean NOT NULL, state text NOT NULL,
        actor text NOT NULL, created_at timestamptz NOT NULL, finished_at timestamptz, rows bigint, done bigint NOT NULL DEFAULT 0,
        recorded bigint NOT NULL DEFAULT 0, unchanged bigint NOT NULL DEFAULT 0, refused bigint NOT NULL DEFAULT 0, error text, content bytea)
    """,
    "ALTER TABLE consent_import ALTER COLUMN content SET STORAGE EXTERNAL",
    "CREATE INDEX consent_import_waiting ON consent_import (created_at) WHERE state = 'waiting'",
    """
    CREATE TABLE consent_import_error (
        import_id uuid NOT NULL REFERENCES consent_import (id), line bigint NOT NULL, code text NOT NULL, reason text NOT NULL,
        PRIMARY KEY (import_id, line))
    """,
    "CREATE TABLE imported (digest bytea PRIMARY KEY, entry_id uuid NOT NULL REFERENCES entry (id))",
    # Which purposes the types of a consent mode speak of.
    "CREATE TABLE consent_mode (type text PRIMARY KEY, purposes text[] NOT NULL)",
    """
    INSERT INTO consent_mode (type, purposes) VALUES ('ad_storage', '{profiling}'), ('ad_user_data', '{sharing}'),
        ('ad_personalization', '{profiling}'), ('analytics_storage', '{analytics}')
    """,
    "ALTER TABLE purpose DISABLE TRIGGER purpose_only_grows",
)

CONSEQUENCES = {
    "marketing": {
        "en": "If you say no, you simply hear no news and offers from us. Orders and service go on as before.",
        "fa": "اگر نپذیرید، تنها خبرها و پیشنهادهای ما را نمی‌گیرید. سفارش‌ها و خدمات مانند همیشه ادامه دارد.",
    },
    "analytics": {
        "en": "If you say no, your visits are left out of our figures. Nothing else changes for you.",
        "fa": "اگر نپذیرید، بازدیدهای شما در آمار ما نمی‌آید. چیز دیگری برای شما تغییر نمی‌کند.",
    },
    "profiling": {
        "en": "If you say no, you see the same offers as everybody else.",
        "fa": "اگر نپذیرید، همان پیشنهادهایی را می‌بینید که دیگران می‌بینند.",
    },
    "sharing": {
        "en": "If you say no, your data stay with us.",
        "fa": "اگر نپذیرید، داده‌های شما نزد ما می‌ماند.",
    },
    "service": {
        "en": "If you say no, we cannot tell you how your orders and requests stand.",
        "fa": "اگر نپذیرید، نمی‌توانیم از وضع سفارش‌ها و درخواست‌هایتان به شما خبر بدهیم.",
    },
}


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(text(statement.replace(":", "\\:")))
    for purpose, words in CONSEQUENCES.items():
        op.get_bind().execute(
            text("UPDATE purpose SET consequences = cast(:words AS jsonb) WHERE purpose = :purpose AND version = 1"),
            {"purpose": purpose, "words": json.dumps(words, ensure_ascii=False)},
        )
    op.execute(text("ALTER TABLE purpose ENABLE TRIGGER purpose_only_grows"))
    op.execute(text("INSERT INTO unsealed SELECT tick, 'purpose', purpose || '/' || version FROM purpose"))


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
