"""Tables and views of cases, answers, complaints, refusals, stated spending, participation in programmes and listed customers."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS case_step (
    fact_id VARCHAR, case_id VARCHAR, step VARCHAR, kind VARCHAR, channel VARCHAR, customer UUID, identity UHUGEINT, team VARCHAR,
    employee VARCHAR, outcome VARCHAR, opened_at TIMESTAMP, answered_at TIMESTAMP, happened_at TIMESTAMP, waited_s DOUBLE, seq BIGINT);
CREATE TABLE IF NOT EXISTS answer (
    fact_id VARCHAR, customer UUID, identity UHUGEINT, scale VARCHAR, score DOUBLE, channel VARCHAR, team VARCHAR, employee VARCHAR,
    case_id VARCHAR, answered_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS refusal (
    fact_id VARCHAR, customer UUID, identity UHUGEINT, kind VARCHAR, channel VARCHAR, message_id VARCHAR, happened_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS spending (
    statement_id VARCHAR, customer UUID, category VARCHAR, amount_minor BIGINT, currency VARCHAR, first_day DATE, last_day DATE,
    basis VARCHAR, stated_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS participation (fact_id VARCHAR, customer UUID, programme VARCHAR, how VARCHAR, happened_at TIMESTAMP, seq BIGINT);
CREATE TABLE IF NOT EXISTS computed (customer UUID, name VARCHAR, value VARCHAR, seq BIGINT);
CREATE TABLE IF NOT EXISTS model_score (customer UUID, name VARCHAR, value VARCHAR, seq BIGINT);
CREATE TABLE IF NOT EXISTS trait_change (customer UUID, name VARCHAR, changed_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS listed (segment VARCHAR, customer UUID, seq BIGINT);
ALTER TABLE cost ADD COLUMN IF NOT EXISTS customer UUID;
ALTER TABLE event ADD COLUMN IF NOT EXISTS utm_source VARCHAR;
ALTER TABLE event ADD COLUMN IF NOT EXISTS utm_medium VARCHAR;
ALTER TABLE event ADD COLUMN IF NOT EXISTS utm_campaign VARCHAR;
ALTER TABLE event ADD COLUMN IF NOT EXISTS price DOUBLE;
ALTER TABLE event ADD COLUMN IF NOT EXISTS value DOUBLE;
ALTER TABLE event ADD COLUMN IF NOT EXISTS category VARCHAR;
ALTER TABLE event ADD COLUMN IF NOT EXISTS product_id VARCHAR;
ALTER TABLE event ADD COLUMN IF NOT EXISTS sku VARCHAR;
"""

#: A question is known by its id: nps, effort, csat, purchase, commitment…, emotion… (or by the property `scale` of the answer).
VIEWS: Final = """
CREATE OR REPLACE VIEW case_of AS
    SELECT coalesce(i.customer, a.root, c.customer) AS person, c.* FROM case_step c
    LEFT JOIN identity i ON i.identity = c.identity LEFT JOIN alias a ON a.customer = c.customer;
CREATE OR REPLACE VIEW answer_of AS
    SELECT coalesce(i.customer, a.root, w.customer) AS person, w.fact_id, w.scale, w.score, w.channel, w.team, w.employee, w.case_id, w.answered_at
    FROM answer w LEFT JOIN identity i ON i.identity = w.identity LEFT JOIN alias a ON a.customer = w.customer
    UNION ALL
    SELECT i.customer, e.id, coalesce(json_extract_string(e.properties, '/scale'), lower(regexp_extract(
               json_extract_string(e.properties, '/question_id'), '^[A-Za-z]+'))),
           TRY_CAST(json_extract_string(e.properties, '/answer') AS DOUBLE), e.channel, NULL, NULL, NULL, e.occurred_at
    FROM event e LEFT JOIN identity i ON i.identity = e.identity WHERE e.kind = 'survey';
CREATE OR REPLACE VIEW refusal_of AS
    SELECT coalesce(i.customer, a.root, r.customer) AS person, r.* FROM refusal r
    LEFT JOIN identity i ON i.identity = r.identity LEFT JOIN alias a ON a.customer = r.customer;
CREATE OR REPLACE VIEW cost_of AS SELECT coalesce(a.root, c.customer) AS person, c.* FROM cost c LEFT JOIN alias a ON a.customer = c.customer;
CREATE OR REPLACE VIEW spending_of AS
    SELECT coalesce(a.root, s.customer) AS person, s.* FROM spending s LEFT JOIN alias a ON a.customer = s.customer;
CREATE OR REPLACE VIEW participation_of AS
    SELECT coalesce(a.root, p.customer) AS person, p.* FROM participation p LEFT JOIN alias a ON a.customer = p.customer;
CREATE OR REPLACE VIEW listed_of AS
    SELECT DISTINCT l.segment, coalesce(a.root, l.customer) AS customer FROM listed l LEFT JOIN alias a ON a.customer = l.customer;
"""

#: What erasing takes of them; amounts and scores stay for the sums and are nobody's.
OF_CUSTOMERS: Final = {
    "case_step": "UPDATE case_step SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    "answer": "UPDATE answer SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    "refusal": "UPDATE refusal SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    "cost": "UPDATE cost SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    "spending": "DELETE FROM spending WHERE customer IN (SELECT unnest($1::UUID[]))",
    "participation": "UPDATE participation SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    "trait_change": "DELETE FROM trait_change WHERE customer IN (SELECT unnest($1::UUID[]))",
    "computed": "DELETE FROM computed WHERE customer IN (SELECT unnest($1::UUID[]))",
    "model_score": "DELETE FROM model_score WHERE customer IN (SELECT unnest($1::UUID[]))",
    "listed": "DELETE FROM listed WHERE customer IN (SELECT unnest($1::UUID[]))",
}
OF_IDENTITIES: Final = {
    "case_step": "UPDATE case_step SET identity = NULL WHERE identity IN (SELECT identity FROM erased)",
    "answer": "UPDATE answer SET identity = NULL WHERE identity IN (SELECT identity FROM erased)",
    "refusal": "UPDATE refusal SET identity = NULL WHERE identity IN (SELECT identity FROM erased)",
}
