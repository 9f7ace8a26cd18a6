"""Journeys, triggers, contact pressure."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

PRESSURE = (
    "CREATE TABLE pressure_policy (version int PRIMARY KEY, policy jsonb NOT NULL, since timestamptz NOT NULL, changed_by text NOT NULL)",
    "CREATE TABLE contact_pressure (customer_id uuid PRIMARY KEY)",
    "CREATE TABLE pressure_programme (origin_id uuid PRIMARY KEY, programme text NOT NULL)",
    """
    CREATE TABLE annoyance (
        id uuid PRIMARY KEY, kind text NOT NULL, channel text NOT NULL, customer_id uuid, message_id uuid, at timestamptz NOT NULL)
    """,
    "CREATE INDEX annoyance_time ON annoyance (at)",
    "CREATE INDEX annoyance_customer ON annoyance (customer_id)",
    "ALTER TABLE message ADD COLUMN admitted_at timestamptz, ADD COLUMN refusal jsonb",
)

JOURNEYS = (
    """
    CREATE TABLE journey (
        id uuid PRIMARY KEY, name text NOT NULL, status text NOT NULL, version int NOT NULL, draft jsonb NOT NULL, draft_number int NOT NULL,
        published_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        CONSTRAINT journey_status CHECK (status IN ('draft', 'active', 'paused', 'closed')))
    """,
    """
    CREATE TABLE journey_version (
        journey_id uuid NOT NULL REFERENCES journey, version int NOT NULL, definition jsonb NOT NULL, published_at timestamptz NOT NULL,
        published_by text NOT NULL, PRIMARY KEY (journey_id, version))
    """,
    # What starts people and what those inside wait for, of every version somebody may be in.
    """
    CREATE TABLE journey_listener (
        journey_id uuid NOT NULL REFERENCES journey, version int NOT NULL, kind text NOT NULL, name text NOT NULL, entry boolean NOT NULL,
        PRIMARY KEY (journey_id, version, kind, name, entry))
    """,
    "CREATE INDEX journey_listener_name ON journey_listener (kind, name)",
    """
    CREATE TABLE journey_person (
        id uuid PRIMARY KEY, journey_id uuid NOT NULL REFERENCES journey, version int NOT NULL, customer_id uuid NOT NULL,
        entry_key text NOT NULL, step text NOT NULL, since timestamptz NOT NULL, due_at timestamptz,
        waiting boolean NOT NULL DEFAULT false, waits_for text[] NOT NULL DEFAULT '{}', data jsonb NOT NULL,
        moves int NOT NULL DEFAULT 0, entered_at timestamptz NOT NULL, left_at timestamptz, outcome text)
    """,
    "CREATE UNIQUE INDEX journey_person_once ON journey_person (journey_id, customer_id, entry_key)",
    "CREATE UNIQUE INDEX journey_person_inside ON journey_person (journey_id, customer_id) WHERE left_at IS NULL",
    "CREATE INDEX journey_person_due ON journey_person (journey_id, due_at) WHERE left_at IS NULL AND due_at IS NOT NULL",
    "CREATE INDEX journey_person_customer ON journey_person (customer_id, journey_id)",
    "CREATE INDEX journey_person_step ON journey_person (journey_id, step) WHERE left_at IS NULL",
    """
    CREATE TABLE journey_move (
        person_id uuid NOT NULL REFERENCES journey_person ON DELETE CASCADE, number int NOT NULL, journey_id uuid NOT NULL, step text NOT NULL,
        did text NOT NULL, detail jsonb NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (person_id, number))
    """,
    # Events somebody listens to, until it is known whose they are.
    """
    CREATE TABLE journey_event (
        id bytea PRIMARY KEY, event_id text NOT NULL, name text NOT NULL, identity bytea NOT NULL, occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL, properties jsonb NOT NULL, look_at timestamptz NOT NULL, looks int NOT NULL DEFAULT 0)
    """,
    "CREATE INDEX journey_event_look ON journey_event (look_at)",
    "CREATE INDEX journey_event_identity ON journey_event (identity)",
    # What is to be done outside: cases, traits, calls of webhooks.
    """
    CREATE TABLE journey_errand (
        id uuid PRIMARY KEY, journey_id uuid NOT NULL, person_id uuid NOT NULL REFERENCES journey_person ON DELETE CASCADE,
        customer_id uuid NOT NULL, step text NOT NULL, kind text NOT NULL, body jsonb NOT NULL, state text NOT NULL, reason text,
        attempts int NOT NULL DEFAULT 0, due_at timestamptz, done_at timestamptz)
    """,
    "CREATE INDEX journey_errand_due ON journey_errand (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX journey_errand_person ON journey_errand (person_id)",
    # Who entered and left which segment when, so that a journey can be tested on it.
    """
    CREATE TABLE segment_move (
        segment_id text NOT NULL, customer_id uuid NOT NULL, at timestamptz NOT NULL, entered boolean NOT NULL,
        PRIMARY KEY (segment_id, at, customer_id, entered))
    """,
    "CREATE INDEX segment_move_customer ON segment_move (customer_id)",
    "CREATE INDEX segment_move_age ON segment_move (at)",
    # How far the people with an occasion on a day were looked through.
    """
    CREATE TABLE journey_day (
        journey_id uuid NOT NULL REFERENCES journey, day date NOT NULL, after uuid, done boolean NOT NULL DEFAULT false,
        PRIMARY KEY (journey_id, day))
    """,
    """
    CREATE TABLE journey_backtest (
        id uuid PRIMARY KEY, journey_id uuid NOT NULL REFERENCES journey, definition jsonb NOT NULL, since timestamptz NOT NULL,
        until timestamptz NOT NULL, costs jsonb, status text NOT NULL, reason text, result jsonb, created_at timestamptz NOT NULL, finished_at timestamptz,
        lease_until timestamptz)
    """,
    "CREATE INDEX journey_backtest_journey ON journey_backtest (journey_id, id)",
    """
    CREATE TABLE journey_backtest_message (
        backtest_id uuid NOT NULL REFERENCES journey_backtest ON DELETE CASCADE, number int NOT NULL, customer_id uuid NOT NULL,
        at timestamptz NOT NULL, step text NOT NULL, channel text NOT NULL, outcome text NOT NULL, reason text, detail jsonb NOT NULL,
        PRIMARY KEY (backtest_id, number))
    """,
    "CREATE INDEX journey_backtest_message_customer ON journey_backtest_message (customer_id)",
    # Whom somebody would have let in by the API.
    """
    CREATE TABLE journey_backtest_person (
        backtest_id uuid NOT NULL REFERENCES journey_backtest ON DELETE CASCADE, customer_id uuid NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (backtest_id, customer_id, at))
    """,
    "CREATE INDEX journey_backtest_person_customer ON journey_backtest_person (customer_id)",
)


def upgrade() -> None:
    """Journeys, triggers, contact pressure."""
    for statement in (*PRESSURE, *JOURNEYS):
        op.execute(statement)


def downgrade() -> None:
    """Back to 0004."""
