"""Facts of a year made straight in the warehouse, the same each time: what the benches of questions ask about."""

from __future__ import annotations

from datetime import date

from services.analytics.store.warehouse import Warehouse

LIST = "01970000-0000-7000-8000-000000000001"

#: Customers of a number, with an identity, ten events and one or two orders each over a year, messages, cases, answers, costs.
#: Facts stand in the order in which they came: by time, up to a day late (the log gives them so, and so do exports).
_FILL = (
    "INSERT INTO identity SELECT md5_number(n::VARCHAR)::UHUGEINT, 'user', md5(n::VARCHAR)::UUID, NULL, 1 FROM range($n) t(n)",
    """INSERT INTO customer (customer, version, registered_at, merged_into, live, known, has_email, has_phone, language, traits, seq, type)
       SELECT md5(n::VARCHAR)::UUID, 1, TIMESTAMP '2025-06-01' + to_minutes((n * 7919 % 525600)::BIGINT), NULL, true, true, n % 2 = 0, false, 'fa',
              '{"city": "' || (['Tehran', 'Qom', 'Shiraz', 'تهران'])[1 + n % 4] || '", "age": ' || 18 + n % 60 || ', "birthday": "1990-0' || 1 + n % 9 || '-17"}', 1, 'person'
       FROM range($n) t(n)""",
    """INSERT INTO event (id, source, authority, kind, name, channel, initiator, identity, occurred_at, received_at, properties, gpc, seq, utm_source, utm_medium, price, sku)
       SELECT n::VARCHAR, 'web', 'browser', 'track', (['Product Viewed', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'])[1 + n // 7 % 5], 'web',
              'customer', md5_number((n * 2654435761 % $n)::VARCHAR)::UHUGEINT,
              TIMESTAMP '2025-06-01' + to_seconds((n * 31536000 // (10 * $n))::BIGINT) - to_seconds((n * 48271 % 86400)::BIGINT),
              TIMESTAMP '2025-06-01' + to_seconds((n * 31536000 // (10 * $n))::BIGINT),
              '{"sku": "p' || n % 500 || '", "price": ' || n % 90 || '}', false, 1, CASE WHEN n % 5 = 0 THEN 'ads' END, CASE WHEN n % 5 = 0 THEN 'cpc' END, n % 90, 'p' || n % 500
       FROM range(10 * $n) t(n)""",
    """INSERT INTO orders SELECT n::VARCHAR, md5_number((n * 69621 % $n)::VARCHAR)::UHUGEINT, 'web', 'placed', 'EUR',
              TIMESTAMP '2025-06-01' + to_seconds((n * 31536000 // (3 * $n // 2))::BIGINT), 1000 + n % 9000, 1000 + n % 9000, 0, NULL, NULL, 1, true, 1
       FROM range(3 * $n // 2) t(n)""",
    """INSERT INTO line SELECT n::VARCHAR, 'p' || n % 500, (['Books', 'Toys', 'Food'])[1 + n % 3], NULL, 1, 1000 + n % 9000 FROM range(3 * $n // 2) t(n)""",
    """INSERT INTO refund SELECT 'r' || n, (n * 20)::VARCHAR, md5_number((n * 20 * 69621 % $n)::VARCHAR)::UHUGEINT, 'web', 'EUR', 500,
              TIMESTAMP '2025-06-08' + to_seconds((n * 31536000 // (3 * $n // 40))::BIGINT), 1 FROM range(3 * $n // 40) t(n)""",
    """INSERT INTO message SELECT n::VARCHAR, n::VARCHAR, 'c' || n % 20, md5((n * 3)::VARCHAR)::UUID, 'email', (['accepted', 'accepted', 'clicked'])[1 + n % 3], NULL, 'retain', false,
              TIMESTAMP '2025-06-01' + to_seconds((n * 31536000 // ($n // 3))::BIGINT), 1 FROM range($n // 3) t(n)""",
    """INSERT INTO consent SELECT md5(n::VARCHAR)::UUID, 'marketing', 'email', CASE WHEN n % 3 = 0 THEN 'withdrawn' ELSE 'granted' END, 1 FROM range($n) t(n)""",
    """INSERT INTO case_step SELECT n || '/' || step, n::VARCHAR, (['opened', 'assigned', 'resolved'])[step], 'billing', 'email', md5((n * 7)::VARCHAR)::UUID, NULL, 't' || n % 20, 'e' || n % 200,
              'solved', opened, opened + INTERVAL 1 HOUR, opened + to_hours(step - 1), 600, 1
       FROM (SELECT n, unnest([1, 2, 3]) AS step, TIMESTAMP '2025-06-01' + to_seconds((n * 31536000 // ($n // 20))::BIGINT) AS opened FROM range($n // 20) t(n))""",
    """INSERT INTO answer SELECT n::VARCHAR, md5((n * 7)::VARCHAR)::UUID, NULL, (['csat', 'nps', 'effort'])[1 + n % 3], 1 + n % 5, 'email', 't' || n % 20, 'e' || n % 200, n::VARCHAR,
              TIMESTAMP '2025-06-02' + to_seconds((n * 31536000 // ($n // 20))::BIGINT), 1 FROM range($n // 20) t(n)""",
    """INSERT INTO cost (cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, customer)
       SELECT n::VARCHAR, (['acquire', 'retain', 'serve'])[1 + n % 3], (['email', 'cpc', 'ads'])[1 + n % 3], 'c' || n % 20, 90000 + n, 'EUR', DATE '2025-06-01' + (n % 365)::INTEGER, NULL
       FROM range(3000) t(n)""",
    """INSERT INTO spending SELECT n::VARCHAR, md5((n * 11)::VARCHAR)::UUID, '', 50000, 'EUR', DATE '2025-06-01', DATE '2026-06-01', 'declared', TIMESTAMP '2026-01-01', 1
       FROM range($n // 20) t(n)""",
    """INSERT INTO score SELECT md5(n::VARCHAR)::UUID, 1 + n % 5, 1 + n // 5 % 5, 1 + n // 25 % 5, n % 365, 1, 1, 1000, 'enhance', 1 FROM range($n) t(n) WHERE n % 4 <> 0""",
    """INSERT INTO model_score SELECT md5(n::VARCHAR)::UUID, 'churn', (n % 100 / 100)::VARCHAR, 1 FROM range($n) t(n)""",
    f"""INSERT INTO listed SELECT '{LIST}', md5((n * 13)::VARCHAR)::UUID, 1 FROM range($n // 20) t(n)""",
)


async def fill(warehouse: Warehouse, customers: int, *, since: date = date(2025, 6, 1)) -> None:
    """So many customers with ten events each in the year since a day."""
    for template in _FILL:
        statement = template.replace("2025-06-01", str(since))
        values = {"n": customers} if "$n" in statement else {}
        await warehouse.write(lambda c, statement=statement, values=values: c.execute(statement, values))  # type: ignore[misc]
    await warehouse.write(lambda c: c.execute("UPDATE warehouse SET seq = 1"))
