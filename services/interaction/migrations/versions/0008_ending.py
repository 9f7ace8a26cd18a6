"""Sessions rolled up, replies, sources with trust."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

SESSIONS = (
    """
    CREATE TABLE session (
        owner uuid NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL, source text NOT NULL, events int NOT NULL, pages int NOT NULL,
        entry text, exit text, referrer text, campaign text, reach int NOT NULL, seen int NOT NULL, previous_at timestamptz, previous_here_at timestamptz,
        PRIMARY KEY (owner, started_at))
    """,
    "CREATE INDEX session_started ON session (started_at)",
    "CREATE INDEX session_previous ON session (previous_at)",
    "CREATE INDEX session_previous_here ON session (previous_here_at)",
    """
    CREATE TABLE session_day (
        day date NOT NULL, source text NOT NULL, previous_day date NOT NULL, previous_here date NOT NULL, visits bigint NOT NULL, first_visits bigint NOT NULL,
        bounces bigint NOT NULL, pages bigint NOT NULL, events bigint NOT NULL, microseconds bigint NOT NULL, reached_1 bigint NOT NULL,
        reached_2 bigint NOT NULL, reached_3 bigint NOT NULL, reached_4 bigint NOT NULL, seen_1 bigint NOT NULL, seen_2 bigint NOT NULL, seen_3 bigint NOT NULL,
        seen_4 bigint NOT NULL, PRIMARY KEY (day, source, previous_day, previous_here))
    """,
    """
    CREATE TABLE session_top (
        day date NOT NULL, source text NOT NULL, what text NOT NULL, key uuid NOT NULL, name text NOT NULL, visits bigint NOT NULL,
        PRIMARY KEY (day, source, what, key))
    """,
    "CREATE TABLE visit_owner (identity bytea PRIMARY KEY, owner uuid NOT NULL)",
    "CREATE INDEX visit_owner_owner ON visit_owner (owner)",
    "CREATE TABLE session_dirty (identity bytea PRIMARY KEY, since timestamptz NOT NULL)",
    # What is known already is joined once.
    "INSERT INTO session_dirty SELECT DISTINCT identity, timestamptz '0001-01-02 00:00:00+00' FROM visit",
)

NOTICES = (
    "CREATE TABLE notice_rule (kind text PRIMARY KEY, template_id uuid NOT NULL, active boolean NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL)",
    """
    CREATE TABLE notice (
        id uuid PRIMARY KEY, kind text NOT NULL, about text NOT NULL, interaction_id uuid, identity bytea, customer_id uuid, template_id uuid NOT NULL,
        reply_to text NOT NULL, data text NOT NULL, state text NOT NULL, reason text, message_id uuid, attempts int NOT NULL, round int NOT NULL,
        created_at timestamptz NOT NULL, next_at timestamptz NOT NULL, changed_at timestamptz NOT NULL)
    """,
    "CREATE INDEX notice_due ON notice (next_at) WHERE state = 'waiting'",
    "CREATE INDEX notice_message ON notice (message_id)",
    "CREATE INDEX notice_about ON notice (about)",
    "CREATE INDEX notice_identity ON notice (identity)",
    "CREATE INDEX notice_customer ON notice (customer_id)",
    "CREATE INDEX notice_interaction ON notice (interaction_id)",
)


def upgrade() -> None:
    """Sessions rolled up, replies, sources with trust."""
    for statement in (*SESSIONS, *NOTICES):
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
