"""Interactions, orders, quarantine, and small replicas of what others know."""

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None

GENERATIONS = 6

INTERACTIONS = (
    # The record is kept as text, byte for byte as it was published: what never goes through jsonb can never be changed or refused by it.
    # Beside it stands only what events are found by and what the record does not say.
    """
    CREATE TABLE interaction (
        id uuid PRIMARY KEY, identity bytea NOT NULL, kind text NOT NULL, channel text NOT NULL, initiator text NOT NULL,
        purpose text, occurred_at timestamptz NOT NULL, collected_partition int NOT NULL, collected_offset bigint NOT NULL, record text NOT NULL)
    """,
    "CREATE INDEX interaction_timeline ON interaction (identity, occurred_at DESC, id DESC)",
    # Offsets of a partition only grow, so block ranges are enough to find what a crash left unpublished.
    "CREATE INDEX interaction_collected ON interaction USING brin (collected_partition, collected_offset) WITH (pages_per_range = 32, autosummarize = on)",
    # Weekly generations: random ids in one ever-growing unique index would fall to a third of the speed.
    "CREATE TABLE seen (slot smallint NOT NULL, id bytea NOT NULL, digest bytea NOT NULL) PARTITION BY LIST (slot)",
    # The key of a generation is the id alone: a key of (id, slot) would be descended once for every generation that is asked for.
    *(f"CREATE TABLE seen_{slot} PARTITION OF seen (PRIMARY KEY (id)) FOR VALUES IN ({slot})" for slot in range(GENERATIONS)),
    # The service's role may not truncate; a generation of millions of rows must not be deleted one by one.
    """
    CREATE FUNCTION forget_seen(slot int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        IF slot NOT BETWEEN 0 AND 5 THEN RAISE EXCEPTION 'no such generation'; END IF;
        EXECUTE format('TRUNCATE seen_%s', slot);
    END $$
    """,
    "CREATE TABLE seen_generation (slot smallint PRIMARY KEY, week int NOT NULL)",
    "CREATE TABLE published (partition int PRIMARY KEY, position bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())",
    """
    CREATE TABLE intake (
        minute timestamptz NOT NULL, source text NOT NULL, stored int NOT NULL, duplicate int NOT NULL, conflict int NOT NULL,
        dropped int NOT NULL, refused int NOT NULL, xor_high bigint NOT NULL, xor_low bigint NOT NULL, PRIMARY KEY (minute, source))
    """,
    """
    CREATE TABLE intake_told (
        minute timestamptz NOT NULL, source text NOT NULL, collector text NOT NULL, accepted int NOT NULL, xor_high bigint NOT NULL,
        xor_low bigint NOT NULL, PRIMARY KEY (minute, source, collector))
    """,
    """
    CREATE TABLE quarantine (
        id uuid PRIMARY KEY, source text NOT NULL, code text NOT NULL, detail text NOT NULL, message_id text, payload bytea NOT NULL,
        stamp bytea, digest text NOT NULL, size int NOT NULL, received_at timestamptz NOT NULL, state text NOT NULL DEFAULT 'open',
        closed_at timestamptz, collected_partition int NOT NULL, collected_offset bigint NOT NULL,
        UNIQUE (collected_partition, collected_offset))
    """,
    "CREATE INDEX quarantine_listed ON quarantine (state, id)",
    "CREATE INDEX quarantine_received ON quarantine (received_at)",
)

ORDERS = (
    """
    CREATE TABLE orders (
        order_id text PRIMARY KEY, identity bytea NOT NULL, source text NOT NULL, status text NOT NULL, placed boolean NOT NULL,
        currency text NOT NULL, ordered_at timestamptz, paid_minor bigint NOT NULL, net_minor bigint NOT NULL,
        refunded_minor bigint NOT NULL, version int NOT NULL, updated_at timestamptz NOT NULL, state text NOT NULL)
    """,
    "CREATE INDEX orders_identity ON orders (identity, ordered_at DESC)",
    "CREATE INDEX orders_ordered ON orders (ordered_at DESC, order_id DESC)",
    """
    CREATE TABLE order_line (
        order_id text NOT NULL, position int NOT NULL, product_id text NOT NULL, quantity double precision NOT NULL,
        price_minor bigint NOT NULL, discount_minor bigint NOT NULL, amount_minor bigint NOT NULL, PRIMARY KEY (order_id, position))
    """,
    """
    CREATE TABLE order_version (
        order_id text NOT NULL, version int NOT NULL, kind text NOT NULL, source text NOT NULL, message_id text NOT NULL,
        occurred_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, content text NOT NULL, PRIMARY KEY (order_id, version))
    """,
    """
    CREATE TABLE refund (
        order_id text NOT NULL, refund_id text NOT NULL, amount_minor bigint NOT NULL, refunded_at timestamptz NOT NULL,
        notes text[] NOT NULL, PRIMARY KEY (order_id, refund_id))
    """,
    """
    CREATE TABLE credit_note (
        credit_id text PRIMARY KEY, identity bytea NOT NULL, source text NOT NULL, currency text NOT NULL, amount_minor bigint NOT NULL,
        noted_at timestamptz NOT NULL)
    """,
    "CREATE INDEX credit_note_identity ON credit_note (identity)",
    """
    CREATE TABLE product (
        product_id text PRIMARY KEY, name text, category text, brand text, variant text, url text, image_url text,
        told_at timestamptz NOT NULL)
    """,
)

REPLICAS = (
    "CREATE TABLE identity_map (identity bytea PRIMARY KEY, kind text NOT NULL, customer_id uuid NOT NULL)",
    "CREATE INDEX identity_map_customer ON identity_map (customer_id)",
    "CREATE TABLE merged_customer (merged_id uuid PRIMARY KEY, into_id uuid NOT NULL, merge_id text NOT NULL)",
    "CREATE INDEX merged_customer_into ON merged_customer (into_id)",
    "CREATE INDEX merged_customer_merge ON merged_customer (merge_id)",
    "CREATE TABLE consent_state (customer_id uuid PRIMARY KEY, granted text[] NOT NULL, withdrawn text[] NOT NULL)",
    "CREATE TABLE consent_signal (identity bytea NOT NULL, signal text NOT NULL, day date NOT NULL, PRIMARY KEY (identity, signal, day))",
    "CREATE TABLE campaign_seen (campaign_id text PRIMARY KEY, name text NOT NULL, purpose text NOT NULL)",
    """
    CREATE TABLE message_entry (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, message_id text NOT NULL, campaign_id text NOT NULL, channel text NOT NULL,
        action text NOT NULL, occurred_at timestamptz NOT NULL, content text NOT NULL)
    """,
    "CREATE INDEX message_entry_timeline ON message_entry (customer_id, occurred_at DESC, id DESC)",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in (*INTERACTIONS, *ORDERS, *REPLICAS):
        op.execute(statement)
