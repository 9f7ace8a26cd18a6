"""Tasks, leads, forms and knowledge."""

from alembic import op

revision = "0006"
down_revision = "0005"

#: A colon before a letter or digit would be a bound parameter to the driver; hence the blanks.
STAGES = (
    '[{"id": "new", "name": "New", "probability": 10, "max_age_days": 7, "kind": "open", "category": "pipeline"},'
    '{"id": "qualified", "name": "Qualified", "probability": 25, "max_age_days": 14, "kind": "open", "category": "pipeline"},'
    '{"id": "proposal", "name": "Proposal", "probability": 50, "max_age_days": 21, "kind": "open", "category": "best_case"},'
    '{"id": "negotiation", "name": "Negotiation", "probability": 75, "max_age_days": 21, "kind": "open", "category": "commit"},'
    '{"id": "won", "name": "Won", "probability": 100, "kind": "won", "category": "commit"},'
    '{"id": "lost", "name": "Lost", "probability": 0, "kind": "lost", "category": "omitted"}]'
)

TASKS = (
    """
    CREATE TABLE task (
        id uuid PRIMARY KEY, kind text NOT NULL, title text NOT NULL, notes text NOT NULL, customer_id uuid, employee_id uuid, team_id uuid,
        case_id uuid, lead_id uuid, opportunity_id uuid, due_at timestamptz, duration_minutes int, place text, time_zone text NOT NULL, recurrence text,
        series_id uuid NOT NULL, occurrence int NOT NULL, first_at timestamptz, state text NOT NULL, outcome text, done_at timestamptz,
        interaction_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version int NOT NULL,
        UNIQUE (series_id, occurrence))
    """,
    "CREATE INDEX task_due ON task (due_at, id) WHERE state = 'open'",
    "CREATE INDEX task_employee ON task (employee_id, due_at) WHERE state = 'open'",
    "CREATE INDEX task_customer ON task (customer_id)",
    "CREATE INDEX task_opportunity ON task (opportunity_id)",
    """
    CREATE TABLE task_reminder (
        task_id uuid NOT NULL, minutes_before int NOT NULL, remind_at timestamptz NOT NULL, told_at timestamptz,
        PRIMARY KEY (task_id, minutes_before))
    """,
    "CREATE INDEX task_reminder_due ON task_reminder (remind_at) WHERE told_at IS NULL",
)

SALES = (
    """
    CREATE TABLE pipeline (
        id text PRIMARY KEY, name text NOT NULL, stages text NOT NULL, next_step_required boolean NOT NULL, version int NOT NULL,
        updated_at timestamptz NOT NULL)
    """,
    f"INSERT INTO pipeline VALUES ('sales', 'Sales', '{STAGES}', true, 1, now())",
    "CREATE TABLE lead_rules (id int PRIMARY KEY, rules text NOT NULL, version int NOT NULL, updated_at timestamptz NOT NULL)",
    "INSERT INTO lead_rules VALUES (1, '[]', 1, now())",
    "CREATE TABLE lead_turn (rule text PRIMARY KEY, turn bigint NOT NULL)",
    """
    CREATE TABLE lead (
        id uuid PRIMARY KEY, title text NOT NULL, source text NOT NULL, campaign text, score int NOT NULL, language text, identity bytea,
        customer_id uuid, contact text NOT NULL, state text NOT NULL, reason text, employee_id uuid, team_id uuid, rule text,
        opportunity_id uuid, interaction_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version int NOT NULL)
    """,
    "CREATE UNIQUE INDEX lead_open ON lead (identity, source) WHERE state IN ('new', 'working', 'qualified')",
    "CREATE INDEX lead_listed ON lead (created_at DESC, id DESC)",
    "CREATE INDEX lead_employee ON lead (employee_id)",
    "CREATE INDEX lead_customer ON lead (customer_id)",
    """
    CREATE TABLE opportunity (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, lead_id uuid, pipeline text NOT NULL REFERENCES pipeline, stage text NOT NULL,
        title text NOT NULL, value_minor bigint NOT NULL, currency text NOT NULL, probability int NOT NULL, own_probability boolean NOT NULL,
        category text NOT NULL, own_category boolean NOT NULL, expected_close date NOT NULL, products text NOT NULL, employee_id uuid,
        team_id uuid, state text NOT NULL, reason text, closed_at timestamptz, stage_since timestamptz NOT NULL, stage_due timestamptz,
        late_told_at timestamptz, idle_told_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        version int NOT NULL)
    """,
    "CREATE INDEX opportunity_listed ON opportunity (created_at DESC, id DESC)",
    "CREATE INDEX opportunity_open ON opportunity (expected_close) WHERE state = 'open'",
    "CREATE INDEX opportunity_customer ON opportunity (customer_id)",
    "CREATE INDEX opportunity_employee ON opportunity (employee_id)",
    """
    CREATE TABLE opportunity_stage (
        opportunity_id uuid NOT NULL REFERENCES opportunity, number int NOT NULL, stage text NOT NULL, entered_at timestamptz NOT NULL,
        left_at timestamptz, moved_by text NOT NULL, PRIMARY KEY (opportunity_id, number))
    """,
    """
    CREATE TABLE quote (
        id uuid PRIMARY KEY, opportunity_id uuid NOT NULL REFERENCES opportunity, number text NOT NULL, value_minor bigint NOT NULL,
        currency text NOT NULL, products text NOT NULL, valid_until date NOT NULL, state text NOT NULL, follow_up_id uuid,
        sent_at timestamptz NOT NULL, answered_at timestamptz, UNIQUE (opportunity_id, number))
    """,
)

FORMS = (
    "CREATE TABLE form (slug text PRIMARY KEY, newest int NOT NULL, published int, updated_at timestamptz NOT NULL)",
    """
    CREATE TABLE form_version (
        slug text NOT NULL REFERENCES form, version int NOT NULL, definition text NOT NULL, created_at timestamptz NOT NULL,
        PRIMARY KEY (slug, version))
    """,
)

KNOWLEDGE = (
    "CREATE TABLE article (id uuid PRIMARY KEY, category text NOT NULL, tags text[] NOT NULL, updated_at timestamptz NOT NULL)",
    """
    CREATE TABLE article_text (
        article_id uuid NOT NULL REFERENCES article, language text NOT NULL, version int NOT NULL, title text NOT NULL, body text NOT NULL,
        state text NOT NULL, author text NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (article_id, language, version))
    """,
    "CREATE INDEX article_text_state ON article_text (state, language)",
    """
    CREATE TABLE article_term (
        article_id uuid NOT NULL, language text NOT NULL, term text NOT NULL, weight int NOT NULL, PRIMARY KEY (article_id, language, term))
    """,
    "CREATE INDEX article_term_word ON article_term (language, term)",
    """
    CREATE TABLE article_opinion (
        article_id uuid NOT NULL REFERENCES article, language text NOT NULL, reader text NOT NULL, version int NOT NULL, helpful boolean NOT NULL,
        comment text NOT NULL, said_at timestamptz NOT NULL, PRIMARY KEY (article_id, language, reader))
    """,
    "CREATE TABLE canned_reply (name text PRIMARY KEY, texts text NOT NULL, version int NOT NULL, updated_at timestamptz NOT NULL)",
)

CHANNELS = (
    "CREATE TABLE room (slug text PRIMARY KEY, kind text NOT NULL, title text NOT NULL, closed boolean NOT NULL, created_at timestamptz NOT NULL)",
    """
    CREATE TABLE room_post (
        id uuid PRIMARY KEY, room text NOT NULL REFERENCES room, thread uuid NOT NULL, in_reply_to uuid, customer_id uuid NOT NULL,
        text text NOT NULL, hidden boolean NOT NULL, posted_at timestamptz NOT NULL)
    """,
    "CREATE INDEX room_post_room ON room_post (room, id)",
    "CREATE INDEX room_post_customer ON room_post (customer_id)",
    """
    CREATE TABLE auction (
        id uuid PRIMARY KEY, title text NOT NULL, product_id text, currency text NOT NULL, start_minor bigint NOT NULL,
        increment_minor bigint NOT NULL, reserve_minor bigint NOT NULL, opens_at timestamptz NOT NULL, closes_at timestamptz NOT NULL,
        seller_id uuid, state text NOT NULL, winner_id uuid, price_minor bigint)
    """,
    "CREATE INDEX auction_closing ON auction (closes_at) WHERE state = 'open'",
    """
    CREATE TABLE auction_bid (
        auction_id uuid NOT NULL REFERENCES auction, number int NOT NULL, customer_id uuid NOT NULL, deputy_id uuid, amount_minor bigint NOT NULL,
        bid_at timestamptz NOT NULL, PRIMARY KEY (auction_id, number))
    """,
    """
    CREATE TABLE deputy (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, name text NOT NULL, key_hash bytea NOT NULL, actions text[] NOT NULL, currency text NOT NULL,
        budget_minor bigint NOT NULL, spent_minor bigint NOT NULL, expires_at timestamptz NOT NULL, revoked_at timestamptz,
        created_at timestamptz NOT NULL)
    """,
    "CREATE INDEX deputy_customer ON deputy (customer_id)",
    """
    CREATE TABLE inbox_door (
        name text PRIMARY KEY, provider text NOT NULL, secret text NOT NULL, verify_token text, active boolean NOT NULL,
        updated_at timestamptz NOT NULL)
    """,
)

STATEMENTS: tuple[str, ...] = (*TASKS, *SALES, *FORMS, *KNOWLEDGE, *CHANNELS)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
