"""Recipients, templates, campaigns, the send ledger and what recipients did."""

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE recipient (
        customer_id uuid PRIMARY KEY, email text, phone text, name text, language text, traits jsonb NOT NULL,
        merged_into uuid, version bigint NOT NULL)
    """,
    "CREATE INDEX recipient_merged ON recipient (merged_into) WHERE merged_into IS NOT NULL",
    """
    CREATE TABLE template (
        id uuid PRIMARY KEY, name text NOT NULL, version int NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE template_version (
        template_id uuid NOT NULL REFERENCES template, version int NOT NULL, fallback text[] NOT NULL, locales jsonb NOT NULL,
        compiled jsonb NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (template_id, version))
    """,
    """
    CREATE TABLE campaign (
        id uuid PRIMARY KEY, name text NOT NULL, template_id uuid NOT NULL REFERENCES template, template_version int,
        segment_id text NOT NULL, channel text NOT NULL, purpose text NOT NULL, from_name text NOT NULL, from_address text NOT NULL,
        reply_to text NOT NULL, utm jsonb NOT NULL, status text NOT NULL, status_reason text, launch_at timestamptz, max_lateness interval NOT NULL,
        audience_token text, audience_complete boolean NOT NULL DEFAULT false, launched_at timestamptz, finished_at timestamptz,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    "CREATE INDEX campaign_active ON campaign (status) WHERE status IN ('scheduled', 'planning', 'sending', 'cancelled')",
    """
    CREATE TABLE message (
        id uuid PRIMARY KEY, campaign_id uuid NOT NULL REFERENCES campaign, step text NOT NULL, channel text NOT NULL,
        customer_id uuid NOT NULL, address_hash bytea, state text NOT NULL, reason text, attempts int NOT NULL DEFAULT 0,
        retry_at timestamptz, lease_owner uuid, lease_until timestamptz, permit_id text, consent_version bigint, locale text,
        reply_code int, created_at timestamptz NOT NULL, handed_off_at timestamptz, finished_at timestamptz,
        CONSTRAINT message_once_per_customer UNIQUE (campaign_id, step, customer_id, channel),
        CONSTRAINT message_once_per_address UNIQUE (campaign_id, step, channel, address_hash),
        CONSTRAINT message_state CHECK (state IN ('planned', 'permitted', 'handing_off', 'accepted', 'failed', 'suppressed', 'unknown')))
        WITH (fillfactor = 60)
    """,
    "CREATE INDEX message_open ON message (campaign_id, retry_at NULLS FIRST, id) WHERE state = 'planned'",
    "CREATE INDEX message_customer ON message (customer_id, id)",
    "CREATE INDEX message_campaign ON message (campaign_id, id)",
    """
    CREATE TABLE engagement (
        message_id uuid NOT NULL REFERENCES message, kind text NOT NULL, link int NOT NULL, automated boolean NOT NULL,
        visits int NOT NULL, first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, PRIMARY KEY (message_id, kind, link, automated))
    """,
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in TABLES:
        op.execute(statement)
