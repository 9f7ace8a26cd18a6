"""Imports and exports."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = (
    """
    CREATE TABLE import_job (
        id uuid PRIMARY KEY, name text NOT NULL, format text NOT NULL, layout jsonb NOT NULL, origin jsonb NOT NULL, dry_run boolean NOT NULL,
        state text NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL, as_of timestamptz NOT NULL,
        started_at timestamptz, finished_at timestamptz, parts int NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0,
        total bigint, done bigint NOT NULL DEFAULT 0, created bigint NOT NULL DEFAULT 0, updated bigint NOT NULL DEFAULT 0,
        unchanged bigint NOT NULL DEFAULT 0, refused bigint NOT NULL DEFAULT 0, undone bigint NOT NULL DEFAULT 0, error text)
    """,
    "CREATE INDEX import_job_waiting ON import_job (created_at) WHERE state IN ('queued', 'running', 'undoing')",
    "CREATE TABLE import_part (import_id uuid NOT NULL, number int NOT NULL, content bytea NOT NULL, PRIMARY KEY (import_id, number))",
    "ALTER TABLE import_part ALTER COLUMN content SET STORAGE EXTERNAL",
    # Which customers an import touched: what its undoing has to look at.
    """
    CREATE TABLE import_customer (import_id uuid NOT NULL, home_id uuid NOT NULL, created boolean NOT NULL, PRIMARY KEY (import_id, home_id))
    """,
    """
    CREATE TABLE import_error (
        import_id uuid NOT NULL, line bigint NOT NULL, code text NOT NULL, reason text NOT NULL, PRIMARY KEY (import_id, line))
    """,
    """
    CREATE TABLE export_job (
        id uuid PRIMARY KEY, format text NOT NULL, fields text[] NOT NULL, filter jsonb NOT NULL, sensitive boolean NOT NULL,
        state text NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL, started_at timestamptz, finished_at timestamptz,
        total bigint, done bigint NOT NULL DEFAULT 0, parts int NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0, error text)
    """,
    "CREATE INDEX export_job_waiting ON export_job (created_at) WHERE state IN ('queued', 'running')",
    "CREATE TABLE export_part (export_id uuid NOT NULL, number int NOT NULL, content bytea NOT NULL, PRIMARY KEY (export_id, number))",
    "ALTER TABLE export_part ALTER COLUMN content SET STORAGE EXTERNAL",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
