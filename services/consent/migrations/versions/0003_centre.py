"""The preference centre: what people ask for there; links to confirm by mail."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE privacy_request (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('access', 'erasure')),
        state text NOT NULL DEFAULT 'received', asked_at timestamptz NOT NULL, due_at timestamptz NOT NULL, via text NOT NULL,
        language text, evidence jsonb NOT NULL DEFAULT '{}')
    """,
    "CREATE INDEX privacy_request_customer ON privacy_request (customer_id, asked_at)",
    "CREATE UNIQUE INDEX privacy_request_open ON privacy_request (customer_id, kind) WHERE state = 'received'",
    "CREATE INDEX privacy_request_due ON privacy_request (due_at) WHERE state = 'received'",
    "CREATE TABLE confirm_template (language text PRIMARY KEY, template_id uuid NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL)",
    """
    CREATE TABLE confirm_mail (
        entry_id uuid PRIMARY KEY REFERENCES entry, state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'failed', 'skipped')),
        reason text, message_id uuid, attempts int NOT NULL DEFAULT 0, created_at timestamptz NOT NULL, next_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL)
    """,
    "CREATE INDEX confirm_mail_due ON confirm_mail (next_at) WHERE state = 'waiting'",
    "CREATE INDEX confirm_mail_age ON confirm_mail (changed_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
