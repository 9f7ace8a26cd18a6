"""Privacy requests."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE privacy_request DROP CONSTRAINT privacy_request_kind_check",
    """
    ALTER TABLE privacy_request
        ADD CHECK (kind IN ('access', 'portability', 'rectification', 'erasure', 'restriction', 'objection')),
        ADD CHECK (state IN ('received', 'verified', 'running', 'completed', 'refused')),
        ADD COLUMN verified_at timestamptz, ADD COLUMN verified_by text, ADD COLUMN closed_at timestamptz, ADD COLUMN closed_by text,
        ADD COLUMN outcome text
    """,
    "DROP INDEX privacy_request_open",
    "CREATE UNIQUE INDEX privacy_request_open ON privacy_request (customer_id, kind) WHERE closed_at IS NULL",
    "DROP INDEX privacy_request_due",
    "CREATE INDEX privacy_request_due ON privacy_request (due_at) WHERE closed_at IS NULL",
    """
    CREATE TABLE erasure_receipt (
        request_id uuid NOT NULL REFERENCES privacy_request, service text NOT NULL, erased jsonb NOT NULL, acknowledged_at timestamptz NOT NULL,
        PRIMARY KEY (request_id, service))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
