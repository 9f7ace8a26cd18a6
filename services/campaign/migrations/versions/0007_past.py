"""What must be kept so that decisions of the past can be explained (journeys, tiers, programmes), and events that name their customer themselves."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = (
    # Every status and version a journey had, since when; never changed. It begins with what stands now.
    """
    CREATE TABLE journey_change (
        journey_id uuid NOT NULL REFERENCES journey, at timestamptz NOT NULL, status text NOT NULL, version int NOT NULL,
        PRIMARY KEY (journey_id, at))
    """,
    "INSERT INTO journey_change SELECT id, updated_at, status, version FROM journey",
    # Which tier somebody held since when (null: none), and since when a programme ran or did not; the same.
    """
    CREATE TABLE tier_change (
        customer_id uuid NOT NULL, programme_id uuid NOT NULL REFERENCES programme, at timestamptz NOT NULL, tier text,
        PRIMARY KEY (customer_id, programme_id, at))
    """,
    """
    INSERT INTO tier_change SELECT customer_id, programme_id, coalesce(tier_since, joined_at), tier FROM programme_member
    WHERE tier IS NOT NULL AND left_at IS NULL
    """,
    """
    CREATE TABLE programme_change (
        programme_id uuid NOT NULL REFERENCES programme, at timestamptz NOT NULL, status text NOT NULL, PRIMARY KEY (programme_id, at))
    """,
    "INSERT INTO programme_change SELECT id, updated_at, status FROM programme",
    # Facts of the platform say whose they are; events of sources say who did them.
    "ALTER TABLE journey_event ALTER COLUMN identity DROP NOT NULL, ADD COLUMN customer_id uuid",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Back to 0006; events that name no identity cannot stay."""
    for statement in (
        "DELETE FROM journey_event WHERE identity IS NULL", "ALTER TABLE journey_event DROP COLUMN customer_id, ALTER COLUMN identity SET NOT NULL",
        "DROP TABLE programme_change", "DROP TABLE tier_change", "DROP TABLE journey_change",
    ):
        op.execute(statement)
