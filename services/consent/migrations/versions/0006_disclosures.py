"""The public list of what is collected."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS: tuple[str, ...] = (
    "CREATE TABLE disclosed_field (source text, place text, first_seen timestamptz NOT NULL, PRIMARY KEY (source, place))",
    """
    CREATE TABLE collecting_source (
        source text PRIMARY KEY, version int NOT NULL, name text NOT NULL, mode text NOT NULL, purpose text, declared jsonb NOT NULL)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
