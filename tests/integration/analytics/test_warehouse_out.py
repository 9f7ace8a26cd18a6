"""What goes out of the warehouse: copies, questions in SQL within limits, and a lost file that is filled again to the same content."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from contracts.analytics import CostBooked, SpendStated
from contracts.campaign import MessageAccepted
from contracts.interaction import OrderLine, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, tell, until
from tests.support.platform import TestPlatform, new_log, started
from tests.unit.analytics.shop import belongs, consent, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")


def story() -> list[Any]:
    return [
        *(profile(number, city="Tehran") for number in (1, 2, 3)), *(belongs(name, number) for number, name in enumerate("abc", 1)), profile(3, merged_into=2), belongs("c", 2),
        consent(1, research={"*": "granted"}), event("a", "Seen", at=NOW, price=5), event("b", "Seen", at=NOW), event("nobody", "Seen", at=NOW),
        order("a", "a1", net=100, at=NOW - DAY, lines=[OrderLine(product_id="p", category="Books", amount_minor=100)]), order("b", "b1", net=300, at=NOW - DAY),
        order("a", "a1", net=120, at=NOW - DAY, version=2, lines=[OrderLine(product_id="p", category="Books", amount_minor=120)]),
        MessageAccepted(message_id="m1", campaign_id="spring", customer_id=customer_id(1), channel="email", at=NOW, permit_id="p", consent_version=1),
        CostBooked(cost_id="k1", kind="retain", channel="email", amount_minor=900, currency="EUR", booked_on="2026-05-06", customer_id=customer_id(1)),
        SpendStated(statement_id="s1", customer_id=customer_id(1), amount_minor=5, currency="EUR", first="2026-01-01", last="2027-01-01", basis="declared", stated_at=NOW),
        SurveyAnswered(case_id="c1", resolution=1, score=5, customer_id=customer_id(1), team_id="t", employee_id="e", channel="email", answered_at=NOW),
    ]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "analytics", given={"analytics": {"question_seconds": 1.5}}) as platform:
        await tell(platform.log, *story())
        await platform.drain()
        yield platform


async def copied(shop: TestPlatform, path: str) -> tuple[Any, bytes]:
    answer = await shop["analytics"].call("GET", f"/api/v1/warehouse/tables/{path}", scopes=["analytics:read"])
    assert answer.status == 200, answer.body
    return answer.headers, answer.body


def header(headers: Any, name: str) -> str:
    listed = headers.items() if hasattr(headers, "items") else headers
    return next((value.decode() if isinstance(value, bytes) else value) for key, value in listed if (key.decode() if isinstance(key, bytes) else key).lower() == name)


async def test_copies_in_three_forms_match_what_the_api_counts(shop: TestPlatform) -> None:
    """D17, U26: parquet, arrow and CSV hold the same rows; a later copy holds what came since."""
    tables = {one["name"]: one for one in (await ask(shop, "GET", "/warehouse/tables"))["data"]}
    assert tables["orders"]["rows"] == 2
    for name, one in tables.items():
        headers, body = await copied(shop, name)
        read = pq.read_table(io.BytesIO(body))
        assert (read.num_rows, read.column_names) == (one["rows"], [column["name"] for column in one["columns"]]), name
        assert header(headers, "x-warehouse-rows") == str(one["rows"])
    _, body = await copied(shop, "orders?format=arrow")
    arrow = pa.ipc.open_stream(io.BytesIO(body)).read_all()
    headers, body = await copied(shop, "orders?format=csv")
    assert arrow_csv.read_csv(io.BytesIO(body)).num_rows == arrow.num_rows == 2
    revenue = await ask(shop, "GET", f"/metrics/revenue?from={(NOW - 9 * DAY).date()}&to={(NOW + DAY).date()}")
    assert sum(arrow.column("net_minor").to_pylist()) == revenue["numerator"] == 420
    await tell(shop.log, order("a", "a2", net=7, at=NOW))
    await shop.drain()
    _, body = await copied(shop, f"orders?after={header(headers, 'x-warehouse-commit')}")
    assert pq.read_table(io.BytesIO(body)).column("order_id").to_pylist() == ["a2"]


async def test_a_copy_for_a_purpose_leaves_out_whoever_did_not_grant_it(shop: TestPlatform) -> None:
    """N9"""
    for table, purpose, expected in (("customers", "research", [customer_id(1)]), ("events", "research", [customer_id(1)]), ("customers", "profiling", [])):
        _, body = await copied(shop, f"{table}?purpose={purpose}")
        assert pq.read_table(io.BytesIO(body)).column("customer").to_pylist() == expected


async def query(shop: TestPlatform, sql: str, *, status: int = 200, **more: Any) -> Any:
    return await ask(shop, "POST", "/queries", {"sql": sql, **more}, status=status, scopes=["analytics:read"])


async def test_questions_in_sql(shop: TestPlatform) -> None:
    """U26, A17: joins, windows, parameters, a row limit."""
    found = await query(shop, "SELECT o.customer, sum(o.net_minor) AS spent, max(c.language) FROM orders o JOIN customers c USING (customer) WHERE o.net_minor > $1 GROUP BY 1 ORDER BY spent DESC", parameters=[100])
    assert found["rows"] == [[customer_id(2), 300, "fa"], [customer_id(1), 120, "fa"]]
    assert [column["name"] for column in found["columns"]] == ["customer", "spent", 'max(c."language")'] or len(found["columns"]) == 3
    ranked = await query(shop, "WITH o AS (SELECT *, row_number() OVER (ORDER BY net_minor DESC) AS n FROM bi.orders) SELECT order_id, n, ordered_at FROM o WHERE n = 1")
    assert ranked["rows"][0][:2] == ["b1", 1]
    few = await query(shop, "SELECT id FROM events ORDER BY id", limit=2)
    assert (len(few["rows"]), few["truncated"]) == (2, True)
    prices = await query(shop, "SELECT json_extract_string(properties, '$.price') FROM events WHERE name = 'Seen' AND properties LIKE '%price%'")
    assert prices["rows"] == [["5"]]


HOSTILE = [
    "DROP TABLE event", "DELETE FROM orders", "INSERT INTO orders SELECT * FROM orders", "UPDATE main.orders SET net_minor = 0", "CREATE TABLE x AS SELECT 1",
    "COPY orders TO '/tmp/x.csv'", "COPY (SELECT 1) TO '/tmp/x'", "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD httpfs", "SET memory_limit = '100GB'", "PRAGMA database_list",
    "CALL pragma_version()", "CHECKPOINT", "EXPLAIN SELECT 1", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE event", "", " -- nothing", "BEGIN", "VACUUM", "EXPORT DATABASE '/tmp/x'",
    "WITH x AS (INSERT INTO cost SELECT * FROM cost RETURNING *) SELECT * FROM x", "WITH x AS (DELETE FROM orders RETURNING 1) SELECT * FROM x",
    "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM glob('/*')", "SELECT * FROM parquet_scan('/x')",
    "SELECT * FROM reject", "SELECT * FROM main.reject", "SELECT * FROM main.orders", "SELECT * FROM event", "SELECT * FROM identity", "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_tables", "SELECT * FROM pg_catalog.pg_class", "SELECT * FROM sqlite_master", "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('reject')", "SELECT (SELECT count(*) FROM reject)", "SELECT * FROM (WITH reject AS (SELECT 1) SELECT * FROM reject), reject",
    "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM erased)", "SELECT getenv('HOME')", "SELECT current_setting('memory_limit')", "SELECT repeat('x', 1000000000)", "SELECT lpad('x', 1000000000, 'y')",
    "SELECT unnest(range(100000000000))", "SELECT * FROM range(100000000000)", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "DESCRIBE orders", "SHOW TABLES",
    "SELECT nextval('x')", "SELECT * FROM orders AT (VERSION => 1)", "SELECT nothing FROM orders", "SELECT * FROM nowhere", "SELEC 1", "SELECT list_reduce([1], lambda x, y: x)",
    "FROM duckdb_secrets()", "SELECT getvariable('x')", "SELECT * FROM orders TABLESAMPLE reservoir(1 ROWS) WHERE write_log('x') IS NULL", "SELECT $1",
]


@pytest.mark.parametrize("sql", HOSTILE)
async def test_hostile_questions_are_refused_and_change_nothing(shop: TestPlatform, sql: str) -> None:
    """U26: reading alone, published tables, known functions, no files, no settings."""
    refused = await query(shop, sql, status=422)
    assert refused["code"] in {"query.refused", "request.invalid"}, refused


async def test_limits_of_time_rows_and_bytes(shop: TestPlatform) -> None:
    """U26: a question that takes too long is stopped; the tables are as they were."""
    ones = ", ".join("(1)" for _ in range(1000))
    crossed = f"WITH v AS (SELECT * FROM (VALUES {ones}) t(a)) SELECT count(*) FROM v a, v b, v c, v d WHERE a.a + b.a + c.a + d.a > 0"
    assert (await query(shop, crossed, status=422))["code"] == "query.too_long"
    long = "x" * 9000
    wide = f"WITH v AS (SELECT * FROM (VALUES {ones}) t(a)) SELECT '{long}' FROM v"
    found = await query(shop, wide, limit=10_000)
    assert found["truncated"]
    assert len(found["rows"]) < 1000
    assert (await query(shop, "SELECT count(*) FROM orders"))["rows"][0][0] >= 2
    assert (await ask(shop, "POST", "/queries", {"sql": "SELECT 1", "limit": 10_001}, status=422))["code"] == "request.invalid"
    await ask(shop, "POST", "/queries", {"sql": "SELECT 1"}, status=403, scopes=["customers:read"])
    assert (await ask(shop, "GET", "/warehouse/tables/reject", status=404))["code"] == "warehouse.unknown_table"
    assert (await ask(shop, "GET", "/warehouse/tables/orders?format=xls", status=422))["code"] == "request.invalid"


async def test_a_lost_file_is_filled_again_to_the_same_content(cluster: PrivateCluster, tmp_path: Path) -> None:
    """D17: the checksums of every table after a rebuild from the log are those before."""
    run, path = uuid.uuid4().hex[:8], tmp_path / "facts.duckdb"
    given = {"analytics": {"warehouse_path": str(path)}}

    async def checksums(platform: TestPlatform) -> dict[str, Any]:
        answer = await platform["analytics"].call("GET", "/internal/warehouse/checksums")
        found: dict[str, Any] = answer.json()
        return found

    async with AsyncExitStack() as stack:
        log = await new_log(cluster, stack, run)
        async with started(cluster, "analytics", log=log, run=run, given=given) as platform:
            await tell(log, *story())
            await platform.drain()
            listed = (await ask(platform, "POST", "/segments", {"name": "Press", "kind": "list"}, status=201))["id"]
            await ask(platform, "POST", f"/segments/{listed}/members", {"add": [customer_id(1)]})
            await platform.drain()
            before = await checksums(platform)
        path.unlink()
        async with started(cluster, "analytics", log=log, run=run, given=given) as platform:
            await platform.drain()
            after = await checksums(platform)

            async def same() -> bool:
                return bool((await checksums(platform))["tables"] == before["tables"])

            await until(same)
        assert after["birth"] != before["birth"]
        filled = {name for name, one in before["tables"].items() if one["rows"]}
        assert filled >= {"event", "identity", "customer", "alias", "consent", "orders", "line", "message", "cost", "answer", "spending", "listed"}
