"""Customers, identities, merges and what people have to look at."""

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE customer (
        id uuid PRIMARY KEY, root_id uuid NOT NULL, merged_into uuid, registered_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        source text NOT NULL, version int NOT NULL DEFAULT 1, has_user boolean NOT NULL, known boolean NOT NULL,
        traits jsonb NOT NULL, search text) WITH (fillfactor = 85)
    """,
    "CREATE INDEX customer_root ON customer (root_id)",
    """
    CREATE TABLE identity (
        identity bytea PRIMARY KEY, kind text NOT NULL, key text NOT NULL, customer_id uuid NOT NULL, home_id uuid NOT NULL,
        linked_at timestamptz NOT NULL, source text NOT NULL)
    """,
    "CREATE INDEX identity_customer ON identity (customer_id)",
    """
    CREATE TABLE merge (
        id uuid PRIMARY KEY, survivor_id uuid NOT NULL, merged_id uuid NOT NULL, reason text NOT NULL, automatic boolean NOT NULL,
        event_id text NOT NULL, identities bytea[] NOT NULL, merged_at timestamptz NOT NULL, undone_at timestamptz, undone_reason text)
    """,
    "CREATE UNIQUE INDEX merge_once ON merge (merged_id) WHERE undone_at IS NULL",
    "CREATE INDEX merge_survivor ON merge (survivor_id)",
    "CREATE INDEX merge_undone ON merge (merged_id) WHERE undone_at IS NOT NULL",
    """
    CREATE TABLE identity_review (
        id uuid PRIMARY KEY, identity bytea NOT NULL, kind text NOT NULL, customer_id uuid NOT NULL, other_id uuid NOT NULL,
        reason text NOT NULL, event_id text NOT NULL, noted_at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX identity_review_once ON identity_review (identity, customer_id, other_id, reason)",
    # Trigrams make `?q=` fast; where the server lacks the extension (a contrib package), search answers the same, by reading all rows.
    """
    DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX customer_search ON customer USING gin (search gin_trgm_ops) WHERE search IS NOT NULL;
    EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN
        CREATE INDEX customer_search ON customer (search text_pattern_ops) WHERE search IS NOT NULL;
    END $$
    """,
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
