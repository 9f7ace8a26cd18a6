"""Identity rules as data, and what they hold back."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES: tuple[str, ...] = (
    # Every version stays: who changed the rules, when and why. The newest counts; without a row the built-in document does.
    """
    CREATE TABLE identity_rules (
        version int PRIMARY KEY, document jsonb NOT NULL, reason text NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL)
    """,
    """
    CREATE TABLE device_sighting (
        identity bytea NOT NULL, user_identity bytea NOT NULL, seen_at timestamptz NOT NULL, PRIMARY KEY (identity, user_identity))
    """,
    "CREATE INDEX device_sighting_age ON device_sighting (seen_at)",
    # `other_id` is NULL where an identity was not given to a customer; `key` is then what the decision gives it.
    """
    ALTER TABLE identity_review
        ALTER COLUMN other_id DROP NOT NULL, ADD COLUMN key text NOT NULL DEFAULT '', ADD COLUMN state text NOT NULL DEFAULT 'open',
        ADD COLUMN decided_at timestamptz, ADD COLUMN decided_by text, ADD COLUMN decision_reason text
    """,
    "DROP INDEX identity_review_once",
    """
    CREATE UNIQUE INDEX identity_review_once
        ON identity_review (identity, customer_id, coalesce(other_id, '00000000-0000-0000-0000-000000000000'), reason)
    """,
    # However many addresses are tried, a customer who has enough of a kind is one line to look at.
    "CREATE UNIQUE INDEX identity_review_enough ON identity_review (customer_id, kind) WHERE reason = 'too_many_of_kind' AND state = 'open'",
    "CREATE INDEX identity_review_state ON identity_review (state, id)",
    # What came in between a merge and its undoing, counted when it is undone.
    "ALTER TABLE merge ADD COLUMN meanwhile jsonb",
    # Two customers that a person looked at and found to be two; no event merges them.
    """
    CREATE TABLE kept_apart (
        low_id uuid NOT NULL, high_id uuid NOT NULL, reason text NOT NULL, decided_at timestamptz NOT NULL, decided_by text NOT NULL,
        PRIMARY KEY (low_id, high_id))
    """,
    "CREATE INDEX kept_apart_high ON kept_apart (high_id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
