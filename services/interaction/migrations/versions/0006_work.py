"""Tasks, leads, forms and knowledge."""

from alembic import op

revision = "0006"
down_revision = "0005"

TASKS = (
    """
    CREATE TABLE task (
        id uuid PRIMARY KEY, kind text NOT NULL, title text NOT NULL, notes text NOT NULL, customer_id uuid, employee_id uuid, team_id uuid,
        case_id uuid, opportunity_id uuid, due_at timestamptz, duration_minutes int, place text, time_zone text NOT NULL, recurrence text,
        series_id uuid NOT NULL, occurrence int NOT NULL, first_at timestamptz, state text NOT NULL, outcome text, done_at timestamptz,
        interaction_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version int NOT NULL,
        UNIQUE (series_id, occurrence))
    """,
    "CREATE INDEX task_due ON task (due_at, id) WHERE state = 'open'",
    "CREATE INDEX task_employee ON task (employee_id, due_at) WHERE state = 'open'",
    "CREATE INDEX task_customer ON task (customer_id)",
    "CREATE INDEX task_opportunity ON task (opportunity_id)",
    """
    CREATE TABLE task_reminder (
        task_id uuid NOT NULL, minutes_before int NOT NULL, remind_at timestamptz NOT NULL, told_at timestamptz,
        PRIMARY KEY (task_id, minutes_before))
    """,
    "CREATE INDEX task_reminder_due ON task_reminder (remind_at) WHERE told_at IS NULL",
)

STATEMENTS: tuple[str, ...] = (*TASKS,)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
