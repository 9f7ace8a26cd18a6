"""Profiles: what kind of customer it is, what traits may be, and each value that was ever taken over."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    "ALTER TABLE customer ADD COLUMN type text NOT NULL DEFAULT 'person'",
    # When this service learned of it; `registered_at` and `linked_at` say when it happened, which may be long before.
    "ALTER TABLE customer ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now()",
    "ALTER TABLE identity ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now()",
    """
    CREATE TABLE trait_definition (
        name text PRIMARY KEY, schema jsonb NOT NULL, title text NOT NULL, description text NOT NULL, classification text NOT NULL,
        sources text[] NOT NULL, purpose text NOT NULL, version int NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL)
    """,
    # Also how processes notice a change: they compare the greatest id. `document` is NULL where the definition was taken away.
    """
    CREATE TABLE trait_definition_change (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, version int NOT NULL, document jsonb,
        changed_at timestamptz NOT NULL, changed_by text NOT NULL, swept_to uuid, swept boolean NOT NULL)
    """,
    "CREATE INDEX trait_definition_change_unswept ON trait_definition_change (id) WHERE NOT swept",
    "CREATE INDEX trait_definition_change_name ON trait_definition_change (name, id)",
    """
    CREATE TABLE trait_refusal (
        id uuid PRIMARY KEY, name text NOT NULL, source text NOT NULL, event_id text NOT NULL, reason text NOT NULL, value text,
        at timestamptz NOT NULL)
    """,
    "CREATE UNIQUE INDEX trait_refusal_once ON trait_refusal (name, source, event_id)",
    "CREATE INDEX trait_refusal_name ON trait_refusal (name, id)",
    # The past is read through undone and standing merges alike.
    "CREATE INDEX merge_merged ON merge (merged_id)",
    # `value` is NULL where the trait was removed. Only ever added to; the order of ids is the order of taking over.
    """
    CREATE TABLE trait_value (
        home_id uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL, value jsonb, rank smallint NOT NULL,
        at timestamptz NOT NULL, position_offset bigint NOT NULL, position_partition int NOT NULL, event_id text NOT NULL,
        source text NOT NULL, recorded_at timestamptz NOT NULL, PRIMARY KEY (home_id, id))
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
