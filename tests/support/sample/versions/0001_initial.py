"""A service that only counts, for tests of the chassis."""

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute("CREATE TABLE effect (customer_id text NOT NULL, purpose text NOT NULL, version int NOT NULL, seq bigserial)")
