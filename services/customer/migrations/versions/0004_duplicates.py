"""Candidate pairs and the decisions about them."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    """
    CREATE TABLE duplicate_scan (
        id uuid PRIMARY KEY, state text NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL, started_at timestamptz,
        finished_at timestamptz, attempts int NOT NULL DEFAULT 0, progress real NOT NULL DEFAULT 0, profiles bigint NOT NULL DEFAULT 0,
        compared bigint NOT NULL DEFAULT 0, pairs bigint NOT NULL DEFAULT 0, likely bigint NOT NULL DEFAULT 0, error text)
    """,
    "CREATE UNIQUE INDEX duplicate_scan_waiting ON duplicate_scan ((true)) WHERE state IN ('queued', 'running')",
    # `reasons` are [field, level, bits]: never a value of anybody.
    """
    CREATE TABLE duplicate_pair (
        low_id uuid NOT NULL, high_id uuid NOT NULL, score real NOT NULL, household real NOT NULL, reasons jsonb NOT NULL, group_id uuid,
        state text NOT NULL, scan_id uuid NOT NULL, found_at timestamptz NOT NULL, decided_at timestamptz, decided_by text,
        decision_reason text, merge_id uuid, PRIMARY KEY (low_id, high_id))
    """,
    "CREATE INDEX duplicate_pair_listed ON duplicate_pair (state, score DESC, low_id, high_id)",
    "CREATE INDEX duplicate_pair_high ON duplicate_pair (high_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
