"""What search looks through."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
