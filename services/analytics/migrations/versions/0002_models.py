"""Models and their artefacts, selections."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    """
    CREATE TABLE model_fit (
        fit_id uuid PRIMARY KEY, kind text NOT NULL, name text NOT NULL, version int, state text NOT NULL, options jsonb NOT NULL,
        progress double precision NOT NULL DEFAULT 0, attempts int NOT NULL DEFAULT 0, asked_by text NOT NULL, asked_at timestamptz NOT NULL,
        started_at timestamptz, ended_at timestamptz, error text NOT NULL DEFAULT '', method text NOT NULL DEFAULT '', source text NOT NULL DEFAULT '',
        data jsonb NOT NULL DEFAULT '{}', quality jsonb NOT NULL DEFAULT '{}', explanation jsonb NOT NULL DEFAULT '{}',
        comparison jsonb NOT NULL DEFAULT '{}', scored bigint NOT NULL DEFAULT 0, artefact bytea, in_use boolean NOT NULL DEFAULT false)
    """,
    "CREATE UNIQUE INDEX model_fit_version ON model_fit (kind, name, version) WHERE version IS NOT NULL",
    "CREATE UNIQUE INDEX model_fit_used ON model_fit (kind, name) WHERE in_use",
    "CREATE UNIQUE INDEX model_fit_open ON model_fit (kind, name) WHERE state IN ('waiting', 'running')",
    """
    CREATE TABLE model_rules (
        kind text NOT NULL, version int NOT NULL, rules jsonb NOT NULL, set_at timestamptz NOT NULL, set_by text NOT NULL, PRIMARY KEY (kind, version))
    """,
    """
    CREATE TABLE score_change (
        customer_id uuid NOT NULL, score text NOT NULL, changed_at timestamptz NOT NULL, value text NOT NULL, previous text,
        PRIMARY KEY (customer_id, score, changed_at))
    """,
    "CREATE INDEX score_change_at ON score_change (score, changed_at)",
    "CREATE INDEX score_number ON score (score, ((parts->>'number')::double precision) DESC NULLS LAST, customer_id)",
    """
    CREATE TABLE selection (
        selection_id uuid PRIMARY KEY, asked jsonb NOT NULL, answer jsonb NOT NULL, made_at timestamptz NOT NULL, made_by text NOT NULL)
    """,
    """
    CREATE TABLE selection_member (
        selection_id uuid NOT NULL, position bigint NOT NULL, customer_id uuid NOT NULL, value_minor bigint NOT NULL, reasons jsonb NOT NULL,
        PRIMARY KEY (selection_id, position))
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Back to 0001."""
    op.execute("DROP INDEX score_number")
    for table in ("selection_member", "selection", "score_change", "model_rules", "model_fit"):
        op.drop_table(table)
