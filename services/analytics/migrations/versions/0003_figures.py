"""Lists, computed traits, metrics, exports."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = (
    "ALTER TABLE cost ADD COLUMN customer_id uuid",
    """
    CREATE TABLE spending (
        statement_id uuid PRIMARY KEY, customer_id uuid NOT NULL, category text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL,
        first_day date NOT NULL, last_day date NOT NULL, basis text NOT NULL, stated_at timestamptz NOT NULL, stated_by text NOT NULL)
    """,
    "CREATE UNIQUE INDEX spending_of ON spending (customer_id, category, first_day, last_day, basis)",
    "ALTER TABLE segment ADD COLUMN kind text NOT NULL DEFAULT 'rule'",
    """
    CREATE TABLE computed_trait (
        trait_id uuid PRIMARY KEY, name text NOT NULL, description text NOT NULL DEFAULT '', kind text NOT NULL, definition jsonb NOT NULL,
        version int NOT NULL DEFAULT 1, state text NOT NULL DEFAULT 'active', created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX computed_trait_name ON computed_trait (lower(name)) WHERE state = 'active'",
    """
    CREATE TABLE assessment (
        assessment_id uuid PRIMARY KEY, kind text NOT NULL, assessed_on date NOT NULL, subject text NOT NULL DEFAULT '', answers jsonb NOT NULL,
        result jsonb NOT NULL, noted_by text NOT NULL, created_at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX assessment_day ON assessment (kind, subject, assessed_on)",
    """
    CREATE TABLE report (
        report_id uuid PRIMARY KEY, name text NOT NULL, questions jsonb NOT NULL, schedule jsonb NOT NULL, state text NOT NULL DEFAULT 'active',
        next_at timestamptz, created_by text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX report_name ON report (lower(name)) WHERE state = 'active'",
    "CREATE INDEX report_due ON report (next_at) WHERE state = 'active'",
    "CREATE TABLE report_recipient (report_id uuid NOT NULL, customer_id uuid NOT NULL, template_id uuid NOT NULL, PRIMARY KEY (report_id, customer_id))",
    """
    CREATE TABLE report_run (
        run_id uuid PRIMARY KEY, report_id uuid NOT NULL, due_at timestamptz NOT NULL, made_at timestamptz NOT NULL, figures jsonb NOT NULL,
        answers jsonb)
    """,
    "CREATE UNIQUE INDEX report_run_due ON report_run (report_id, due_at)",
    """
    CREATE TABLE report_delivery (
        run_id uuid NOT NULL, customer_id uuid NOT NULL, template_id uuid NOT NULL, state text NOT NULL, reason text, tries int NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL, message_id uuid, PRIMARY KEY (run_id, customer_id))
    """,
    "CREATE INDEX report_delivery_waiting ON report_delivery (next_at) WHERE state = 'waiting'",
    "CREATE TABLE aged (kind text NOT NULL, name text NOT NULL, since timestamptz NOT NULL, PRIMARY KEY (kind, name))",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Back to 0002."""
    for statement in (
        "DROP TABLE aged", "DROP TABLE report_delivery", "DROP TABLE report_run", "DROP TABLE report_recipient", "DROP TABLE report",
        "DROP TABLE assessment", "DROP TABLE computed_trait", "ALTER TABLE segment DROP COLUMN kind", "DROP TABLE spending",
        "ALTER TABLE cost DROP COLUMN customer_id",
    ):
        op.execute(statement)
