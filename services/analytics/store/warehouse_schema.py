"""The tables and views of the warehouse. Every row carries `seq`, the number of the commit that brought it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from services.analytics.store import service_schema
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VERSION: Final = 1

#: Identities are the 16 bytes of the keyed hash as a number (joins take 0.7 of the time of UUID or BLOB).
#: Times are UTC without zone; money is integer minor units.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS warehouse (version INTEGER, birth UUID, seq BIGINT, appended_at DOUBLE);
CREATE TABLE IF NOT EXISTS position (reader VARCHAR, topic VARCHAR, part INTEGER, next_offset BIGINT, origin BIGINT);
CREATE TABLE IF NOT EXISTS reject (
    reader VARCHAR, topic VARCHAR, part INTEGER, record_offset BIGINT, cause VARCHAR, value BLOB, seq BIGINT);
CREATE TABLE IF NOT EXISTS event (
    id VARCHAR, source VARCHAR, authority VARCHAR, kind VARCHAR, name VARCHAR, channel VARCHAR, initiator VARCHAR, identity UHUGEINT,
    occurred_at TIMESTAMP, received_at TIMESTAMP, properties VARCHAR, gpc BOOLEAN, seq BIGINT);
CREATE TABLE IF NOT EXISTS identity (identity UHUGEINT, kind VARCHAR, customer UUID, previous UUID, seq BIGINT);
CREATE TABLE IF NOT EXISTS customer (
    customer UUID, version BIGINT, registered_at TIMESTAMP, merged_into UUID, live BOOLEAN, known BOOLEAN, has_email BOOLEAN,
    has_phone BOOLEAN, language VARCHAR, traits VARCHAR, seq BIGINT);
ALTER TABLE customer ADD COLUMN IF NOT EXISTS type VARCHAR DEFAULT 'person';
CREATE TABLE IF NOT EXISTS alias (customer UUID, root UUID);
CREATE TABLE IF NOT EXISTS consent (customer UUID, purpose VARCHAR, channel VARCHAR, state VARCHAR, seq BIGINT);
CREATE TABLE IF NOT EXISTS orders (
    order_id VARCHAR, identity UHUGEINT, source VARCHAR, status VARCHAR, currency VARCHAR, ordered_at TIMESTAMP, paid_minor BIGINT,
    net_minor BIGINT, refunded_minor BIGINT, coupon VARCHAR, affiliation VARCHAR, version BIGINT, counts BOOLEAN, seq BIGINT);
CREATE TABLE IF NOT EXISTS line (
    order_id VARCHAR, product_id VARCHAR, category VARCHAR, brand VARCHAR, quantity DOUBLE, amount_minor BIGINT);
CREATE TABLE IF NOT EXISTS refund (
    refund_id VARCHAR, order_id VARCHAR, identity UHUGEINT, source VARCHAR, currency VARCHAR, amount_minor BIGINT, refunded_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS message (
    fact_id VARCHAR, message_id VARCHAR, campaign_id VARCHAR, customer UUID, channel VARCHAR, outcome VARCHAR, reason VARCHAR,
    stage VARCHAR, automated BOOLEAN, happened_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS campaign (
    campaign_id VARCHAR, name VARCHAR, channel VARCHAR, purpose VARCHAR, segment_id VARCHAR, planned BIGINT, launched_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS cost (
    cost_id VARCHAR, kind VARCHAR, channel VARCHAR, campaign_id VARCHAR, amount_minor BIGINT, currency VARCHAR, booked_on DATE);
CREATE TABLE IF NOT EXISTS score (
    customer UUID, r INTEGER, f INTEGER, m INTEGER, recency_days INTEGER, purchase_days INTEGER, orders INTEGER, monetary_minor BIGINT,
    stage VARCHAR, seq BIGINT);
CREATE TABLE IF NOT EXISTS erasure (
    request_id VARCHAR, customers UUID[], erased_at TIMESTAMP, rows_erased VARCHAR, acknowledged BOOLEAN);
CREATE TABLE IF NOT EXISTS erased (identity UHUGEINT, request_id VARCHAR);
"""

#: Merges are joins: `event_of` and `order_of` read the identity map at the moment of the question.
#: An order that was cancelled or refunded in full (`counts` = false) is none;
#: its refunds are then left out too, so that they are not subtracted a second time.
VIEWS: Final = """
CREATE OR REPLACE VIEW event_of AS SELECT i.customer, e.rowid AS place, e.* FROM event e JOIN identity i ON i.identity = e.identity;
CREATE OR REPLACE VIEW order_of AS SELECT i.customer, o.* FROM orders o JOIN identity i ON i.identity = o.identity WHERE o.counts;
CREATE OR REPLACE VIEW line_of AS
    SELECT i.customer, o.ordered_at, o.currency, l.* FROM line l JOIN orders o ON o.order_id = l.order_id
    JOIN identity i ON i.identity = o.identity WHERE o.counts;
CREATE OR REPLACE VIEW valid_refund AS
    SELECT r.* FROM refund r LEFT JOIN orders o ON o.order_id = r.order_id WHERE coalesce(o.counts, true);
CREATE OR REPLACE VIEW refund_of AS SELECT i.customer, r.* FROM valid_refund r JOIN identity i ON i.identity = r.identity;
CREATE OR REPLACE VIEW consent_of AS
    SELECT coalesce(a.root, c.customer) AS customer, c.purpose, c.channel,
           CASE WHEN bool_or(c.state = 'withdrawn') THEN 'withdrawn' ELSE min(c.state) END AS state
    FROM consent c LEFT JOIN alias a ON a.customer = c.customer GROUP BY ALL;
CREATE OR REPLACE VIEW live AS
    SELECT * FROM customer WHERE live AND customer NOT IN (
        SELECT customer FROM consent_of WHERE purpose = '*' AND channel = 'restricted' AND state = 'withdrawn');
CREATE OR REPLACE VIEW message_of AS
    SELECT coalesce(a.root, m.customer) AS person, m.* FROM message m LEFT JOIN alias a ON a.customer = m.customer;
"""


def prepare(connection: DuckDBPyConnection) -> None:
    """Create what is missing. Raises RuntimeError when the file was written by a newer version."""
    connection.execute("SET TimeZone = 'UTC'")
    for statement in (TABLES + service_schema.TABLES).split(";\n"):
        if statement.strip():
            connection.execute(statement)
    found = one_row(connection, "SELECT version FROM warehouse")
    if found is None:
        connection.execute("INSERT INTO warehouse VALUES (?, ?::UUID, 0, NULL)", [VERSION, str(uuid4())])
    elif found[0] > VERSION:
        raise RuntimeError(f"the warehouse is at version {found[0]}, this program knows {VERSION}: use a newer version")
    for statement in (VIEWS + service_schema.VIEWS).split(";\n"):
        if statement.strip():
            connection.execute(statement)
