"""Accounts and who belongs to them, ways to reach a customer, chosen channels, needs. All of it hangs on the customer it came under."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = (
    # `extended`: something of the tables below hangs on this very customer, so that all others cost no look-up.
    "ALTER TABLE customer ADD COLUMN extended boolean NOT NULL DEFAULT false",
    "ALTER TABLE customer ADD COLUMN owner text",
    "CREATE INDEX customer_owner ON customer (owner, id) WHERE owner IS NOT NULL",
    "CREATE INDEX customer_type ON customer (type, id) WHERE type <> 'person'",
    """
    CREATE TABLE membership (
        account_id uuid NOT NULL, customer_id uuid NOT NULL, role text NOT NULL, since timestamptz NOT NULL, until timestamptz,
        told_at timestamptz NOT NULL, rank smallint NOT NULL, source text NOT NULL, primary_at timestamptz,
        PRIMARY KEY (account_id, customer_id))
    """,
    "CREATE INDEX membership_customer ON membership (customer_id)",
    # Accounts whose members' profiles are to be told again, and how far that is.
    "CREATE TABLE account_change (account_id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, told_to uuid, changed_at timestamptz NOT NULL)",
    """
    CREATE TABLE contact_point (
        home_id uuid NOT NULL, kind text NOT NULL, value text NOT NULL, state text NOT NULL, state_at timestamptz NOT NULL, reason text,
        source text NOT NULL, preferred_at timestamptz, PRIMARY KEY (home_id, kind, value))
    """,
    # `channel` is NULL where a choice was taken back.
    """
    CREATE TABLE channel_preference (
        home_id uuid NOT NULL, purpose text NOT NULL, channel text, at timestamptz NOT NULL, source text NOT NULL,
        PRIMARY KEY (home_id, purpose))
    """,
    """
    CREATE TABLE need (
        id uuid PRIMARY KEY, home_id uuid NOT NULL, text text NOT NULL, told_at timestamptz NOT NULL, source text NOT NULL,
        met_at timestamptz, met_by text)
    """,
    "CREATE INDEX need_home ON need (home_id, id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
