"""Identity rules as data, and what they hold back."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
