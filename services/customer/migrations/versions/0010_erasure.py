"""The ledger of erasures."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    """
    CREATE TABLE erasure (
        request_id uuid PRIMARY KEY, customer_ids uuid[] NOT NULL, identities bytea[] NOT NULL, erased jsonb NOT NULL, erased_at timestamptz NOT NULL)
    """,
    # Whose events are dropped until the person registers again; then the row is gone.
    "CREATE TABLE erased_identity (identity bytea PRIMARY KEY, request_id uuid NOT NULL, erased_at timestamptz NOT NULL)",
    # Also how processes notice a change of the other: they compare the greatest number.
    "CREATE TABLE erased_identity_change (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
