"""The audit log."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE audit_waiting (
            id bigserial PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, action text NOT NULL, method text NOT NULL, object text NOT NULL,
            subject text NOT NULL, status integer NOT NULL, request_id text NOT NULL, sees text[] NOT NULL)
        """
    )
    op.execute(
        """
        CREATE TABLE audit_entry (
            seq bigint PRIMARY KEY, body text NOT NULL, hash bytea NOT NULL,
            at bigint GENERATED ALWAYS AS ((body::jsonb ->> 'at')::bigint) STORED,
            actor text GENERATED ALWAYS AS (body::jsonb ->> 'actor') STORED,
            action text GENERATED ALWAYS AS (body::jsonb ->> 'action') STORED,
            subject text GENERATED ALWAYS AS (body::jsonb ->> 'subject') STORED)
        """
    )
    op.execute("CREATE INDEX audit_entry_subject ON audit_entry (subject, seq)")
    op.execute("CREATE INDEX audit_entry_actor ON audit_entry (actor, seq)")
    op.execute("CREATE INDEX audit_entry_action ON audit_entry (action, seq)")
    op.execute("CREATE INDEX audit_entry_at ON audit_entry (at)")
    op.execute("CREATE TABLE audit_anchor (seq bigint PRIMARY KEY, attested text NOT NULL, anchored_at timestamptz NOT NULL)")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'rows of % are only added, never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_anchor_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
