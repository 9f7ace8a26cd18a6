"""Tests, responses, decisions, programmes: and the replicas they decide by (identities, orders, scores)."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

REPLICAS = (
    "CREATE TABLE identity_map (identity bytea PRIMARY KEY, kind text NOT NULL, customer_id uuid NOT NULL)",
    "CREATE INDEX identity_map_customer ON identity_map (customer_id)",
    """
    CREATE TABLE customer_order (
        order_id text PRIMARY KEY, identity bytea NOT NULL, version int NOT NULL, status text NOT NULL, currency text NOT NULL,
        ordered_at timestamptz NOT NULL, delivered_at timestamptz, net_minor bigint NOT NULL, refunded_minor bigint NOT NULL, coupon text,
        lines jsonb NOT NULL, look_at timestamptz, looks int NOT NULL DEFAULT 0)
    """,
    "CREATE INDEX customer_order_identity ON customer_order (identity, ordered_at)",
    "CREATE INDEX customer_order_waiting ON customer_order (look_at) WHERE look_at IS NOT NULL",
    """
    CREATE TABLE customer_score (
        customer_id uuid NOT NULL, score text NOT NULL, value text NOT NULL, changed_at timestamptz NOT NULL, PRIMARY KEY (customer_id, score))
    """,
    "CREATE INDEX customer_score_value ON customer_score (score, value, customer_id)",
)

PROGRAMMES = (
    """
    CREATE TABLE programme (
        id uuid PRIMARY KEY, name text NOT NULL, kind text NOT NULL, status text NOT NULL, purpose text NOT NULL, settings jsonb NOT NULL,
        holdout double precision NOT NULL, goal double precision, playbook text, started_at timestamptz, swept_to uuid, sweep_at timestamptz,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
        CONSTRAINT programme_status CHECK (status IN ('draft', 'running', 'paused', 'ended')))
    """,
    "CREATE INDEX programme_running ON programme (kind) WHERE status = 'running'",
    """
    CREATE TABLE programme_member (
        programme_id uuid NOT NULL REFERENCES programme, customer_id uuid NOT NULL, arm text NOT NULL, joined_at timestamptz NOT NULL,
        left_at timestamptz, left_reason text, tier text, tier_since timestamptz, step int NOT NULL DEFAULT 0, next_at timestamptz, cause text, asked_at timestamptz,
        rounds int NOT NULL DEFAULT 1, PRIMARY KEY (programme_id, customer_id))
    """,
    "CREATE INDEX programme_member_due ON programme_member (programme_id, next_at) WHERE next_at IS NOT NULL AND left_at IS NULL",
    "CREATE INDEX programme_member_customer ON programme_member (customer_id)",
)

POINTS = (
    """
    CREATE TABLE points_account (
        programme_id uuid NOT NULL REFERENCES programme, customer_id uuid NOT NULL, balance bigint NOT NULL DEFAULT 0, owed bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (programme_id, customer_id), CONSTRAINT points_never_negative CHECK (balance >= 0 AND owed >= 0))
    """,
    "CREATE INDEX points_account_customer ON points_account (customer_id)",
    """
    CREATE TABLE points_transaction (
        id uuid PRIMARY KEY, programme_id uuid NOT NULL REFERENCES programme, customer_id uuid NOT NULL, kind text NOT NULL,
        reference text NOT NULL, order_id text, factor double precision, points bigint NOT NULL, note text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT points_once UNIQUE (programme_id, kind, reference))
    """,
    "CREATE INDEX points_transaction_customer ON points_transaction (programme_id, customer_id, id)",
    "CREATE INDEX points_transaction_order ON points_transaction (programme_id, order_id) WHERE order_id IS NOT NULL",
    """
    CREATE TABLE points_entry (
        transaction_id uuid NOT NULL REFERENCES points_transaction, account text NOT NULL, programme_id uuid NOT NULL, customer_id uuid NOT NULL,
        points bigint NOT NULL, PRIMARY KEY (transaction_id, account, customer_id),
        CONSTRAINT points_account_kind CHECK (account IN ('member', 'owed', 'issued', 'redeemed', 'expired')))
    """,
    "CREATE INDEX points_entry_customer ON points_entry (programme_id, customer_id)",
    """
    CREATE TABLE points_lot (
        id uuid PRIMARY KEY, programme_id uuid NOT NULL, customer_id uuid NOT NULL, order_id text, remaining bigint NOT NULL,
        expires_at timestamptz, CONSTRAINT points_lot_left CHECK (remaining >= 0))
    """,
    "CREATE INDEX points_lot_open ON points_lot (programme_id, customer_id) WHERE remaining > 0",
    "CREATE INDEX points_lot_expiry ON points_lot (expires_at) WHERE remaining > 0",
    """
    CREATE TABLE points_use (
        transaction_id uuid NOT NULL REFERENCES points_transaction, lot_id uuid NOT NULL, points bigint NOT NULL, PRIMARY KEY (transaction_id, lot_id))
    """,
    # The books are kept by the database too: at the commit the entries of each transaction sum to zero.
    """
    CREATE FUNCTION points_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT sum(points) FROM points_entry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
            RAISE EXCEPTION 'the entries of a points transaction do not sum to zero' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER points_double_entry AFTER INSERT OR UPDATE ON points_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION points_balance()
    """,
)

ANSWERS = (
    """
    CREATE TABLE satisfaction_answer (
        id text PRIMARY KEY, customer_id uuid NOT NULL, programme_id uuid REFERENCES programme, about text NOT NULL, score smallint NOT NULL,
        words text NOT NULL, at timestamptz NOT NULL, case_wanted boolean NOT NULL, case_id text,
        CONSTRAINT satisfaction_scale CHECK (score BETWEEN 1 AND 5))
    """,
    "CREATE INDEX satisfaction_answer_customer ON satisfaction_answer (customer_id, at)",
    "CREATE INDEX satisfaction_answer_bad ON satisfaction_answer (at) WHERE case_wanted AND case_id IS NULL",
)

REWARDS = (
    """
    CREATE TABLE reward (
        id uuid PRIMARY KEY, programme_id uuid NOT NULL REFERENCES programme, name text NOT NULL, kind text NOT NULL, points bigint NOT NULL,
        cost_minor bigint NOT NULL, currency text NOT NULL, stock int, budget_minor bigint, redeemed int NOT NULL DEFAULT 0,
        spent_minor bigint NOT NULL DEFAULT 0, per_customer int, tiers text[] NOT NULL, stages text[] NOT NULL, starts_at timestamptz,
        ends_at timestamptz, active boolean NOT NULL, created_at timestamptz NOT NULL,
        CONSTRAINT reward_in_stock CHECK (stock IS NULL OR redeemed <= stock),
        CONSTRAINT reward_in_budget CHECK (budget_minor IS NULL OR spent_minor <= budget_minor))
    """,
    "CREATE INDEX reward_programme ON reward (programme_id)",
    """
    CREATE TABLE redemption (
        id uuid PRIMARY KEY, reward_id uuid NOT NULL REFERENCES reward, customer_id uuid NOT NULL, key text NOT NULL, points bigint NOT NULL,
        cost_minor bigint NOT NULL, currency text NOT NULL, state text NOT NULL, at timestamptz NOT NULL, cancelled_at timestamptz, booked_at timestamptz,
        CONSTRAINT redemption_once UNIQUE (reward_id, key))
    """,
    "CREATE INDEX redemption_customer ON redemption (customer_id)",
    "CREATE INDEX redemption_unbooked ON redemption (id) WHERE booked_at IS NULL AND cost_minor <> 0",
    """
    CREATE TABLE referral (
        programme_id uuid NOT NULL REFERENCES programme, code text NOT NULL, customer_id uuid NOT NULL, created_at timestamptz NOT NULL,
        PRIMARY KEY (programme_id, code), CONSTRAINT referral_once UNIQUE (programme_id, customer_id))
    """,
    """
    CREATE TABLE referred (
        programme_id uuid NOT NULL REFERENCES programme, customer_id uuid NOT NULL, referrer_id uuid NOT NULL, at timestamptz NOT NULL,
        order_id text, rewarded_at timestamptz, PRIMARY KEY (programme_id, customer_id))
    """,
    "CREATE INDEX referred_referrer ON referred (programme_id, referrer_id)",
    """
    CREATE TABLE community_group (
        id uuid PRIMARY KEY, programme_id uuid NOT NULL REFERENCES programme, name text NOT NULL, about text NOT NULL, created_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE community_member (
        group_id uuid NOT NULL REFERENCES community_group, customer_id uuid NOT NULL, state text NOT NULL, invited_by uuid,
        invited_at timestamptz, joined_at timestamptz, left_at timestamptz, PRIMARY KEY (group_id, customer_id),
        CONSTRAINT community_state CHECK (state IN ('invited', 'joined', 'left')))
    """,
    "CREATE INDEX community_member_customer ON community_member (customer_id)",
    """
    CREATE TABLE community_activity (
        id uuid PRIMARY KEY, group_id uuid NOT NULL REFERENCES community_group, customer_id uuid NOT NULL, kind text NOT NULL, note text NOT NULL,
        at timestamptz NOT NULL)
    """,
    "CREATE INDEX community_activity_group ON community_activity (group_id, at)",
)

RESPONSES = (
    """
    CREATE TABLE attribution (
        order_id text PRIMARY KEY, origin_id uuid NOT NULL, message_id uuid NOT NULL REFERENCES message, customer_id uuid NOT NULL,
        ordered_at timestamptz NOT NULL, revenue_minor bigint NOT NULL, currency text NOT NULL)
    """,
    "CREATE INDEX attribution_origin ON attribution (origin_id, customer_id)",
    "CREATE INDEX attribution_message ON attribution (message_id)",
    """
    CREATE TABLE campaign_cost (
        cost_id text PRIMARY KEY, campaign_id text NOT NULL, channel text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL)
    """,
    "CREATE INDEX campaign_cost_campaign ON campaign_cost (campaign_id)",
    """
    CREATE TABLE experiment (
        id uuid PRIMARY KEY, name text NOT NULL, campaign_id uuid NOT NULL UNIQUE REFERENCES campaign, metric text NOT NULL, arms jsonb NOT NULL,
        test_percent double precision NOT NULL, alpha double precision NOT NULL, smallest_effect double precision NOT NULL,
        automatic boolean NOT NULL, decide_hours double precision NOT NULL, status text NOT NULL, decide_by timestamptz, seen jsonb NOT NULL,
        winner text, significant boolean, decided_at timestamptz, created_at timestamptz NOT NULL)
    """,
    "CREATE INDEX experiment_running ON experiment (id) WHERE status = 'running'",
)

DECISIONS = (
    "CREATE TABLE said_consent (customer_id uuid PRIMARY KEY, purposes jsonb NOT NULL)",
    """
    CREATE TABLE site_message (
        id uuid PRIMARY KEY, name text NOT NULL, placement text NOT NULL, purpose text NOT NULL, priority int NOT NULL, locales jsonb NOT NULL,
        fallback text[] NOT NULL, conditions jsonb NOT NULL, reward_id uuid REFERENCES reward, cap int, cap_days int NOT NULL,
        holdout double precision NOT NULL, starts_at timestamptz, ends_at timestamptz, active boolean NOT NULL, playbook text,
        created_at timestamptz NOT NULL, customer_id uuid, key text UNIQUE, channel text NOT NULL DEFAULT 'on_site', origin_id uuid,
        data jsonb NOT NULL DEFAULT '{}', shown_at timestamptz, dismissed_at timestamptz)
    """,
    "CREATE INDEX site_message_placement ON site_message (placement) WHERE active AND customer_id IS NULL",
    "CREATE INDEX site_message_customer ON site_message (customer_id, channel, created_at) WHERE customer_id IS NOT NULL",
    """
    CREATE TABLE decision (
        id uuid PRIMARY KEY, visitor bytea NOT NULL, customer_id uuid, placement text NOT NULL, message_id uuid, arm text, at timestamptz NOT NULL,
        clicked_at timestamptz)
    """,
    "CREATE INDEX decision_visitor ON decision (visitor, message_id, at)",
    "CREATE INDEX decision_customer ON decision (customer_id, message_id, at) WHERE customer_id IS NOT NULL",
    """
    CREATE TABLE playbook (
        key text PRIMARY KEY, content jsonb NOT NULL, version int NOT NULL, updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE playbook_run (
        id uuid PRIMARY KEY, key text NOT NULL, stage text, status text NOT NULL, made jsonb NOT NULL, started_at timestamptz NOT NULL,
        stopped_at timestamptz)
    """,
    "CREATE INDEX playbook_run_stage ON playbook_run (stage) WHERE status = 'running'",
)

# Products made for one customer, and what is told to the interaction service: orders of them, and what happens in communities.
CUSTOMISED = (
    # Campaigns at each person's best hour, and mails reserved for tiers or stages.
    "ALTER TABLE campaign ADD COLUMN send text NOT NULL DEFAULT 'now', ADD COLUMN reserved_for jsonb NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE custom_product (
        id uuid PRIMARY KEY, product_id text NOT NULL UNIQUE, settings jsonb NOT NULL, active boolean NOT NULL, created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL)
    """,
    """
    CREATE TABLE customised (
        id uuid PRIMARY KEY, custom_product_id uuid NOT NULL REFERENCES custom_product, customer_id uuid NOT NULL, choices jsonb NOT NULL,
        price jsonb NOT NULL, quantity int NOT NULL, total_minor bigint NOT NULL, currency text NOT NULL, state text NOT NULL, reason text,
        order_id text, created_at timestamptz NOT NULL, ordered_at timestamptz,
        CONSTRAINT customised_state CHECK (state IN ('chosen', 'ordering', 'ordered', 'refused', 'dropped')))
    """,
    "CREATE INDEX customised_customer ON customised (customer_id, id)",
    "CREATE INDEX customised_product ON customised (custom_product_id, id)",
    """
    CREATE TABLE telling (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, about text NOT NULL, path text NOT NULL, body jsonb NOT NULL, reason text,
        attempts int NOT NULL DEFAULT 0, due_at timestamptz)
    """,
    "CREATE INDEX telling_due ON telling (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX telling_customer ON telling (customer_id)",
    """
    CREATE TABLE stated_spending (
        statement_id text PRIMARY KEY, customer_id uuid NOT NULL, category text NOT NULL, amount_minor bigint NOT NULL, currency text NOT NULL,
        first date NOT NULL, last date NOT NULL, stated_at timestamptz NOT NULL)
    """,
    "CREATE INDEX stated_spending_customer ON stated_spending (customer_id)",
)


def upgrade() -> None:
    for statement in (*REPLICAS, *PROGRAMMES, *POINTS, *ANSWERS, *REWARDS, *RESPONSES, *DECISIONS, *CUSTOMISED):
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE community_activity, community_member, community_group, referred, referral, redemption, reward, points_use, points_lot, points_entry,
            points_transaction, points_account, programme_member, programme, customer_score, customer_order, identity_map
        """
    )
    op.execute("DROP FUNCTION points_balance")
