"""Splitting one identity off: each value is kept with the identity it was told under, also values that others outweigh.

And the past of what hangs on customers beside their traits.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE trait_value ADD COLUMN identity bytea",
    "ALTER TABLE trait_value ADD COLUMN aside boolean NOT NULL DEFAULT false",
    # A split stands as a merge that was from the beginning and is undone, so that the past reads as it was known then.
    "ALTER TABLE merge ADD COLUMN split boolean NOT NULL DEFAULT false",
    # What memberships, addresses, choices and needs were, row by row; NULL as document: no longer there. Only ever added to.
    """
    CREATE TABLE past_state (
        home_id uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, subject text NOT NULL, key text NOT NULL, document jsonb,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (home_id, id))
    """,
    # A trigger: whoever writes these tables, now or later, leaves the past complete. Arguments: the customer's column, the columns of the key.
    """
    CREATE FUNCTION keep_past() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        now_ jsonb := to_jsonb(NEW);
        was jsonb;
        key_ text := '';
        column_ text;
    BEGIN
        FOREACH column_ IN ARRAY TG_ARGV[1:] LOOP key_ := key_ || (now_ ->> column_) || ' '; END LOOP;
        IF TG_OP = 'UPDATE' THEN
            was := to_jsonb(OLD);
            IF was = now_ THEN RETURN NULL; END IF;
            IF was ->> TG_ARGV[0] <> now_ ->> TG_ARGV[0] THEN
                INSERT INTO past_state (home_id, subject, key) VALUES ((was ->> TG_ARGV[0])::uuid, TG_TABLE_NAME, key_);
            END IF;
        END IF;
        INSERT INTO past_state (home_id, subject, key, document) VALUES ((now_ ->> TG_ARGV[0])::uuid, TG_TABLE_NAME, key_, now_);
        RETURN NULL;
    END $$
    """,
    *(
        f"CREATE TRIGGER keeps_past AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_past({arguments})"
        for table, arguments in (
            ("membership", "'customer_id', 'account_id'"), ("contact_point", "'home_id', 'kind', 'value'"),
            ("channel_preference", "'home_id', 'purpose'"), ("need", "'home_id', 'id'"),
        )
    ),
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
