"""What must be kept so that questions about a moment of the past can be answered: parts of scores, definitions of traits, who was on a list."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    "ALTER TABLE score_change ADD COLUMN parts jsonb NOT NULL DEFAULT '{}'",
    # Every definition a computed trait ever had, and who came on a list or left it when; never changed. Both begin with what stands now.
    """
    CREATE TABLE computed_trait_version (
        trait_id uuid NOT NULL, version int NOT NULL, definition jsonb NOT NULL, changed_at timestamptz NOT NULL, PRIMARY KEY (trait_id, version))
    """,
    "INSERT INTO computed_trait_version SELECT trait_id, version, definition, updated_at FROM computed_trait",
    """
    CREATE TABLE list_change (
        customer_id uuid NOT NULL, segment_id uuid NOT NULL, at timestamptz NOT NULL, listed boolean NOT NULL,
        PRIMARY KEY (customer_id, segment_id, at))
    """,
    """
    INSERT INTO list_change SELECT m.customer_id, m.segment_id, m.entered_at, true FROM membership m
    JOIN segment s ON s.segment_id = m.segment_id AND s.kind = 'list'
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Back to 0003."""
    for statement in ("DROP TABLE list_change", "DROP TABLE computed_trait_version", "ALTER TABLE score_change DROP COLUMN parts"):
        op.execute(statement)
