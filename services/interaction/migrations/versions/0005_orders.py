"""Orders, catalogue, partners, surveys, and the storage of events by month."""

from alembic import op

revision = "0005"
down_revision = "0004"

ORDERS = (
    ("ALTER TABLE orders ADD shipping_minor bigint NOT NULL DEFAULT 0, ADD tax_minor bigint NOT NULL DEFAULT 0, "
    "ADD discount_minor bigint NOT NULL DEFAULT 0, ADD partner_id text, ADD employee_id text"),
    "CREATE INDEX orders_partner ON orders (partner_id, ordered_at) WHERE partner_id IS NOT NULL",
    "CREATE INDEX orders_employee ON orders (employee_id, ordered_at) WHERE employee_id IS NOT NULL",
    "CREATE INDEX order_line_product ON order_line (product_id)",
    """
    CREATE TABLE exchange_rate (
        home text NOT NULL, currency text NOT NULL, day date NOT NULL, rate numeric NOT NULL CHECK (rate > 0), source text NOT NULL,
        changed_at timestamptz NOT NULL, PRIMARY KEY (home, currency, day))
    """,
)

REGISTRIES = (
    # `held`: the fields that a person set; what events tell leaves them alone.
    ("ALTER TABLE product ADD vendor text, ADD description text, ADD active boolean NOT NULL DEFAULT true, "
    "ADD held text[] NOT NULL DEFAULT '{}', ADD edited_at timestamptz"),
    "CREATE INDEX product_category ON product (category)",
    """
    CREATE TABLE product_price (
        product_id text NOT NULL, list text NOT NULL, currency text NOT NULL, valid_from date NOT NULL, price_minor bigint NOT NULL,
        PRIMARY KEY (product_id, list, currency, valid_from))
    """,
    """
    CREATE TABLE partner (
        partner_id text PRIMARY KEY, name text NOT NULL, kind text NOT NULL, email text, commission numeric, terms text,
        active boolean NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE partner_contact (
        interaction_id uuid PRIMARY KEY, partner_id text NOT NULL, identity bytea NOT NULL, kind text NOT NULL, purpose text,
        occurred_at timestamptz NOT NULL)
    """,
    "CREATE INDEX partner_contact_partner ON partner_contact (partner_id, occurred_at)",
)

SURVEYS = (
    """
    CREATE TABLE survey (
        survey_id text PRIMARY KEY, title text NOT NULL, kind text NOT NULL, questions text NOT NULL, waves text NOT NULL,
        active boolean NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE survey_answer (
        survey_id text NOT NULL, wave text NOT NULL, question_id text NOT NULL, identity bytea NOT NULL, answer text NOT NULL,
        answered_at timestamptz NOT NULL, interaction_id uuid NOT NULL, PRIMARY KEY (survey_id, wave, question_id, identity))
    """,
    "CREATE INDEX survey_answer_identity ON survey_answer (identity)",
)

RETENTION = (
    # The kind `*` is every kind without a rule of its own; without days it is kept for good.
    """
    CREATE TABLE retention_rule (
        kind text PRIMARY KEY, days int CHECK (days > 0), reason text NOT NULL, swept_until timestamptz, changed_at timestamptz NOT NULL)
    """,
    """
    INSERT INTO retention_rule (kind, days, reason, changed_at) VALUES
        ('page', 760, 'two years and a month of clicks show every season twice', now()),
        ('screen', 760, 'two years and a month of clicks show every season twice', now()),
        ('track', 1830, 'five years of what people did', now()),
        ('*', 3660, 'ten years, as long as trade papers are kept', now())
    """,
)

MONTHS = (
    # Named with the month and not the day, in UTC. A month that comes late takes what the default part holds of it.
    """
    CREATE FUNCTION make_interaction_month(begin date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    DECLARE
        part text := format('interaction_%s', to_char(begin, 'YYYYMM'));
        since timestamptz := date_trunc('month', begin::timestamp) AT TIME ZONE 'UTC';
        until timestamptz := (date_trunc('month', begin::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    BEGIN
        IF begin NOT BETWEEN '2000-01-01' AND '2199-12-31' THEN RAISE EXCEPTION 'no such month'; END IF;
        PERFORM pg_advisory_xact_lock(7305105);
        IF to_regclass(part) IS NOT NULL THEN RETURN false; END IF;
        EXECUTE format('CREATE TABLE %I (LIKE interaction INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
        EXECUTE format('INSERT INTO %I SELECT * FROM interaction_default WHERE received_at >= %L AND received_at < %L', part, since, until);
        EXECUTE format('DELETE FROM interaction_default WHERE received_at >= %L AND received_at < %L', since, until);
        EXECUTE format('ALTER TABLE interaction ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, since, until);
        RETURN true;
    END $$
    """,
    """
    CREATE FUNCTION drop_interaction_month(part text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        IF part !~ '^interaction_[0-9]{6}$' OR to_date(right(part, 6), 'YYYYMM') > now() - interval '62 days' THEN
            RAISE EXCEPTION 'no such month, or not old enough';
        END IF;
        EXECUTE format('DROP TABLE IF EXISTS %I', part);
    END $$
    """,
)

#: Whole months are dropped, and COPY fills the small indexes of one month alone. Rows of a database that is in use move once.
STORAGE = (
    "ALTER TABLE interaction RENAME TO interaction_flat",
    "ALTER TABLE interaction_flat ADD received_at timestamptz",
    "UPDATE interaction_flat SET received_at = (record::json ->> 'received_at')::timestamptz",
    "ALTER TABLE interaction_flat ALTER received_at SET NOT NULL",
    "CREATE TABLE interaction (LIKE interaction_flat INCLUDING DEFAULTS) PARTITION BY RANGE (received_at)",
    "CREATE TABLE interaction_default PARTITION OF interaction DEFAULT",
    "INSERT INTO interaction SELECT * FROM interaction_flat",
    "DROP TABLE interaction_flat",
    "ALTER TABLE interaction ADD PRIMARY KEY (id, received_at)",
    # Filters are answered by the index alone; a page fetches only the events it shows.
    (
        "CREATE INDEX interaction_timeline ON interaction (identity, occurred_at DESC, id DESC) "
        "INCLUDE (received_at, kind, channel, initiator, purpose)"
    ),
    ("CREATE INDEX interaction_collected ON interaction USING brin (collected_partition, collected_offset, received_at) "
    "WITH (pages_per_range = 32, autosummarize = on)"),
    *MONTHS,
    ("SELECT make_interaction_month(month::date) FROM (SELECT DISTINCT date_trunc('month', received_at AT TIME ZONE 'UTC') FROM interaction "
    "UNION SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + number * interval '1 month' FROM generate_series(0, 3) AS number) AS found (month)"),
)

RESPONSES = ("CREATE INDEX message_entry_campaign ON message_entry (campaign_id, occurred_at) WHERE action = 'accepted'",)

STATEMENTS: tuple[str, ...] = (*RESPONSES, *ORDERS, *REGISTRIES, *SURVEYS, *RETENTION, *STORAGE)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
