"""Segments with their versions and members, frozen audiences, scores and costs."""

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE segment (
        segment_id uuid PRIMARY KEY, name text NOT NULL, description text NOT NULL DEFAULT '', state text NOT NULL DEFAULT 'active',
        version int NOT NULL DEFAULT 1, rule jsonb NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        evaluated_version int, evaluated_at timestamptz)
    """,
    "CREATE UNIQUE INDEX segment_name ON segment (lower(name)) WHERE state = 'active'",
    """
    CREATE TABLE segment_version (
        segment_id uuid NOT NULL, version int NOT NULL, rule jsonb NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL,
        PRIMARY KEY (segment_id, version))
    """,
    """
    CREATE TABLE membership (
        segment_id uuid NOT NULL, customer_id uuid NOT NULL, version int NOT NULL, entered_at timestamptz NOT NULL,
        PRIMARY KEY (segment_id, customer_id))
    """,
    "CREATE INDEX membership_customer ON membership (customer_id)",
    """
    CREATE TABLE next_check (
        segment_id uuid NOT NULL, customer_id uuid NOT NULL, due_at timestamptz NOT NULL, PRIMARY KEY (segment_id, customer_id))
    """,
    "CREATE INDEX next_check_due ON next_check (due_at)",
    """
    CREATE TABLE evaluation (
        id int PRIMARY KEY, birth uuid NOT NULL, seq bigint NOT NULL, evaluated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE snapshot (
        snapshot_id uuid PRIMARY KEY, segment_id uuid NOT NULL, version int NOT NULL, members bigint NOT NULL, taken_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE snapshot_member (
        snapshot_id uuid NOT NULL, position bigint NOT NULL, customer_id uuid NOT NULL, PRIMARY KEY (snapshot_id, position))
    """,
    """
    CREATE TABLE score (
        customer_id uuid NOT NULL, score text NOT NULL, value text NOT NULL, previous text, parts jsonb NOT NULL,
        changed_at timestamptz NOT NULL, PRIMARY KEY (customer_id, score))
    """,
    """
    CREATE TABLE cost (
        cost_id uuid PRIMARY KEY, kind text NOT NULL, channel text NOT NULL, campaign_id text, amount_minor bigint NOT NULL,
        currency text NOT NULL, booked_on date NOT NULL, note text NOT NULL DEFAULT '', reference text, booked_by text NOT NULL,
        created_at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX cost_reference ON cost (reference) WHERE reference IS NOT NULL",
    "CREATE INDEX cost_booked_on ON cost (booked_on, cost_id)",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
