"""Tracking plans, collection rules and sessions."""

from alembic import op

revision = "0004"
down_revision = "0003"

PLANS = (
    # Every version is kept; the newest is in force.
    """
    CREATE TABLE tracking_plan (
        source text NOT NULL, version int NOT NULL, plan text NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL,
        PRIMARY KEY (source, version))
    """,
    """
    CREATE TABLE event_name (
        source text NOT NULL, kind text NOT NULL, name text NOT NULL, stored bigint NOT NULL, violating bigint NOT NULL,
        first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL, PRIMARY KEY (source, kind, name))
    """,
    """
    CREATE TABLE plan_violation (
        source text NOT NULL, name text NOT NULL, code text NOT NULL, pointer text NOT NULL, keyword text NOT NULL, count bigint NOT NULL,
        first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL, PRIMARY KEY (source, name, code, pointer, keyword))
    """,
    "ALTER TABLE quarantine ADD COLUMN errors text",
    "ALTER TABLE intake ADD COLUMN violated int NOT NULL DEFAULT 0",
    # What the rules of a source kept from being collected: nothing but how much.
    """
    CREATE TABLE collection_drop (
        source text NOT NULL, day date NOT NULL, reason text NOT NULL, count bigint NOT NULL, PRIMARY KEY (source, day, reason))
    """,
    "CREATE TABLE field_seen (source text, place text, first_seen timestamptz NOT NULL, PRIMARY KEY (source, place))",
)

VISITS = (
    """
    CREATE TABLE visit (
        identity bytea NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz NOT NULL, source text NOT NULL, channel text NOT NULL,
        events int NOT NULL, pages int NOT NULL, entry text, exit text, referrer text, campaign text, reach int[] NOT NULL, seen int NOT NULL,
        PRIMARY KEY (identity, started_at))
    """,
    "CREATE INDEX visit_started ON visit (started_at)",
    # How far somebody comes who goes through several visits in a row: first[n] is where the first one leads who has done n steps.
    """
    CREATE FUNCTION visit_reach_after(first int[], following int[]) RETURNS int[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN first IS NULL THEN following
                    ELSE (SELECT array_agg(following[step + 1] ORDER BY place) FROM unnest(first) WITH ORDINALITY AS done (step, place)) END
    $$
    """,
    "CREATE AGGREGATE visit_reach(int[]) (SFUNC = visit_reach_after, STYPE = int[])",
)

REPLAYS = (
    """
    CREATE TABLE replay (
        id uuid PRIMARY KEY, what text NOT NULL, source text NOT NULL, since timestamptz NOT NULL, until timestamptz NOT NULL, code text,
        state text NOT NULL DEFAULT 'running', found int NOT NULL DEFAULT 0, sent int NOT NULL DEFAULT 0, refused int NOT NULL DEFAULT 0, place text NOT NULL,
        requested_by text NOT NULL, requested_at timestamptz NOT NULL, finished_at timestamptz)
    """,
    "CREATE INDEX replay_running ON replay (id) WHERE state = 'running'",
)


def upgrade() -> None:
    for statement in (*PLANS, *VISITS, *REPLAYS):
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
