"""Copies for people who ask for theirs, what was done about a request, what it asks in particular; rules of retention."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE privacy_request DROP COLUMN evidence, ADD COLUMN details jsonb NOT NULL DEFAULT '{}'",
    "CREATE INDEX privacy_request_copying ON privacy_request (asked_at) WHERE state IN ('verified', 'running') AND kind IN ('access', 'portability')",
    """
    CREATE TABLE privacy_copy (
        request_id uuid PRIMARY KEY REFERENCES privacy_request, tried_at timestamptz NOT NULL, tries int NOT NULL DEFAULT 0, waits_for text,
        made_at timestamptz, expires_at timestamptz, size bigint, sha256 bytea, counts jsonb NOT NULL DEFAULT '{}')
    """,
    "CREATE INDEX privacy_copy_expires ON privacy_copy (expires_at) WHERE expires_at IS NOT NULL",
    """
    CREATE TABLE privacy_copy_part (
        request_id uuid NOT NULL REFERENCES privacy_copy ON DELETE CASCADE, number int NOT NULL, content bytea NOT NULL, PRIMARY KEY (request_id, number))
    """,
    "ALTER TABLE privacy_copy_part ALTER COLUMN content SET STORAGE EXTERNAL",
    """
    CREATE TABLE privacy_step (
        id uuid PRIMARY KEY, request_id uuid NOT NULL REFERENCES privacy_request, at timestamptz NOT NULL, step text NOT NULL, actor text NOT NULL)
    """,
    "CREATE INDEX privacy_step_request ON privacy_step (request_id, id)",
    # Rules of retention, and every run of them: what was counted, what was ended.
    """
    CREATE TABLE retention_rule (
        category text PRIMARY KEY, days int NOT NULL CHECK (days > 0), reason text NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL)
    """,
    """
    CREATE TABLE retention_run (
        id uuid PRIMARY KEY, dry_run boolean NOT NULL, state text NOT NULL CHECK (state IN ('waiting', 'done')), asked_at timestamptz NOT NULL,
        actor text NOT NULL, tried_at timestamptz, waits_for text, finished_at timestamptz, rules jsonb NOT NULL, counts jsonb NOT NULL DEFAULT '{}')
    """,
    # Requests of other controllers.
    """
    CREATE TABLE opendsr_request (
        id uuid PRIMARY KEY, kind text NOT NULL, controller text NOT NULL, regulation text NOT NULL, submitted_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL, expected_at timestamptz NOT NULL, request_id uuid REFERENCES privacy_request, cancelled_at timestamptz)
    """,
    "CREATE INDEX opendsr_request_begun ON opendsr_request (received_at) WHERE request_id IS NOT NULL AND cancelled_at IS NULL",
    "CREATE INDEX retention_run_waiting ON retention_run (asked_at) WHERE state = 'waiting'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
