"""Templates with blocks, life of a campaign, channels, transactional messages."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

LEDGER = (
    """
    ALTER TABLE message ALTER COLUMN campaign_id DROP NOT NULL,
        DROP CONSTRAINT message_once_per_customer, DROP CONSTRAINT message_once_per_address,
        ADD COLUMN origin text NOT NULL DEFAULT 'campaign', ADD COLUMN origin_id uuid, ADD COLUMN once_key bytea,
        ADD COLUMN queue text NOT NULL DEFAULT 'marketing', ADD COLUMN purpose text, ADD COLUMN template_id uuid,
        ADD COLUMN template_version int, ADD COLUMN arm text, ADD COLUMN priority smallint NOT NULL DEFAULT 0, ADD COLUMN value bigint,
        ADD COLUMN data jsonb NOT NULL DEFAULT '{}', ADD COLUMN sender jsonb, ADD COLUMN provider text,
        ADD COLUMN repeatable boolean NOT NULL DEFAULT false
    """,
    """
    UPDATE message m SET origin_id = c.id, purpose = c.purpose, template_id = c.template_id, template_version = coalesce(c.template_version, 1),
        once_key = substring(sha256(convert_to(m.step || ':' || m.channel || ':' || m.customer_id, 'UTF8')) FOR 16)
    FROM campaign c WHERE c.id = m.campaign_id
    """,
    """
    ALTER TABLE message ALTER COLUMN origin_id SET NOT NULL, ALTER COLUMN once_key SET NOT NULL, ALTER COLUMN purpose SET NOT NULL,
        ALTER COLUMN template_id SET NOT NULL, ALTER COLUMN template_version SET NOT NULL,
        ADD CONSTRAINT message_origin CHECK (origin IN ('campaign', 'journey', 'message', 'programme')),
        ADD CONSTRAINT message_queue CHECK (queue IN ('marketing', 'transactional'))
    """,
    "CREATE UNIQUE INDEX message_once ON message (origin_id, once_key)",
    "CREATE UNIQUE INDEX message_once_per_address ON message (origin_id, step, channel, address_hash) WHERE origin = 'campaign'",
    "DROP INDEX message_open",
    # Indexes name these instead of the state: a claim and the beginning of a hand-off then change no index, and the row stays on its page.
    """
    ALTER TABLE message ADD COLUMN waits boolean NOT NULL GENERATED ALWAYS AS (state = 'planned') STORED,
        ADD COLUMN in_hand boolean NOT NULL GENERATED ALWAYS AS (state IN ('permitted', 'handing_off')) STORED
    """,
    "CREATE INDEX message_in_hand ON message (id) WHERE in_hand",
    """
    CREATE INDEX message_open ON message (origin_id, retry_at NULLS FIRST, priority DESC, value DESC NULLS LAST, id)
        WHERE waits AND origin = 'campaign'
    """,
    """
    CREATE INDEX message_open_other ON message (queue, retry_at NULLS FIRST, priority DESC, value DESC NULLS LAST, id)
        WHERE waits AND origin <> 'campaign'
    """,
    "CREATE TABLE held_origin (origin_id uuid PRIMARY KEY, since timestamptz NOT NULL)",
    "CREATE TABLE pace (name text PRIMARY KEY, next_at timestamptz NOT NULL)",
)

AUDIENCE = (
    """
    ALTER TABLE campaign ADD COLUMN audience jsonb NOT NULL DEFAULT '{}', ADD COLUMN selection jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN per_minute int, ADD COLUMN created_by text NOT NULL DEFAULT '', ADD COLUMN needs_approval boolean NOT NULL DEFAULT false,
        ADD COLUMN approved_by text, ADD COLUMN approved_at timestamptz, ADD COLUMN postal_address text NOT NULL DEFAULT ''
    """,
    """
    CREATE TABLE campaign_candidate (
        campaign_id uuid NOT NULL REFERENCES campaign, customer_id uuid NOT NULL, excluded boolean NOT NULL, value bigint,
        PRIMARY KEY (campaign_id, customer_id))
    """,
    "CREATE INDEX campaign_candidate_order ON campaign_candidate (campaign_id, value DESC NULLS LAST, customer_id) WHERE NOT excluded",
    """
    CREATE TABLE audience_list (
        id uuid PRIMARY KEY, name text NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE audience_list_member (
        list_id uuid NOT NULL REFERENCES audience_list ON DELETE CASCADE, customer_id uuid NOT NULL, PRIMARY KEY (list_id, customer_id))
    """,
    "CREATE INDEX audience_list_member_customer ON audience_list_member (customer_id)",
)

CHANNELS = (
    "CREATE TABLE message_request (key bytea PRIMARY KEY, request bytea NOT NULL, message_id uuid, created_at timestamptz NOT NULL)",
    "CREATE INDEX message_request_age ON message_request (created_at)",
)

TEMPLATES = (
    "ALTER TABLE template_version ADD COLUMN form text NOT NULL DEFAULT 'mjml', ADD COLUMN blocks text[] NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE content_block (
        name text PRIMARY KEY, version int NOT NULL, locales jsonb NOT NULL, updated_by text NOT NULL, updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE product_feed (
        name text PRIMARY KEY, url text, refresh_seconds int NOT NULL, items jsonb NOT NULL, problem text, fetched_at timestamptz,
        tried_at timestamptz, updated_at timestamptz NOT NULL)
    """,
)


def upgrade() -> None:
    """Templates with blocks, life of a campaign, channels, transactional messages."""
    for statement in (*LEDGER, *AUDIENCE, *CHANNELS, *TEMPLATES):
        op.execute(statement)
