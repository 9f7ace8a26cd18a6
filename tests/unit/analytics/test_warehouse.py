"""The warehouse: loading with positions, and what rules say about a small shop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
import pytest_asyncio

from chassis.eventlog import Partition, Stored
from chassis.positions import StaleOffset
from contracts.fact import Fact
from contracts.interaction import OrderLine, OrderRefunded
from services.analytics.domain import parsing
from services.analytics.store import evaluating, loading
from services.analytics.store.evaluating import Question
from services.analytics.store.warehouse import Warehouse, WarehouseBusy
from tests.unit.analytics import shop
from tests.unit.analytics.shop import DAY, NOW, belongs, consent, customer_id, event, order, profile, stored

EVENTS = Partition("ecrm.interaction", 0)
SEGMENT = UUID(int=1)


@pytest_asyncio.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    opened = Warehouse(str(tmp_path / "facts.duckdb"))
    await opened.open()
    yield opened
    await opened.close()


def batches(facts: Sequence[Fact], known: Mapping[Partition, tuple[int, int | None]]) -> dict[Partition, list[Stored]]:
    """Facts by topic, at the offsets that follow."""
    found: dict[Partition, list[Stored]] = {}
    for fact in facts:
        record = stored(fact)
        listed = found.setdefault(Partition(record.topic, 0), [])
        first, _ = known.get(Partition(record.topic, 0), (0, None))
        listed.append(stored(fact, offset=first + len(listed)))
    return found


async def load(warehouse: Warehouse, *facts: Fact) -> int:
    return await warehouse.write(lambda c: loading.apply_batch(c, "r", batches(facts, loading.read_positions(c, "r"))))


async def ask(warehouse: Warehouse, rule: dict[str, Any]) -> set[int]:
    """Numbers of the customers for whom the rule holds; everybody's answer and the narrowed one must agree."""
    node = parsing.parse_rule(rule)
    found = await warehouse.read(lambda c: evaluating.members(c, rule=node, now=NOW, currency="EUR"))
    everybody = [UUID(customer_id(number)) for number in range(1, 8)]
    narrowed = await warehouse.read(
        lambda c: evaluating.evaluate_touched(
            c, since=10**9, due=everybody, questions=[Question(SEGMENT, node)], now=NOW, horizon=NOW + DAY, currency="EUR", limit=100
        )
    )
    assert {one.customer_id for one in narrowed.verdicts[SEGMENT] if one.holds} == set(found)
    numbers = {customer_id(number): number for number in range(1, 8)}
    return {numbers[str(one)] for one in found}


async def a_shop(warehouse: Warehouse) -> None:
    """1 buys books often, 2 bought once long ago, 3 only looks, 4 was merged into 1, 5 is new."""
    await load(
        warehouse,
        profile(1, city="Tehran", age=41, tags=["vip", "early"], address={"zip": "11"}), profile(2, city="Shiraz", age=29), profile(3, city="Tehran"),
        profile(4, merged_into=1), profile(5, born="2000-03-20"),
        belongs("a", 1), belongs("b", 2), belongs("c", 3), belongs("a-old", 1), belongs("e", 5),
        event("a", "Product Viewed", at=NOW - 2 * DAY, category="Books", price=10), event("a", "Product Viewed", at=NOW - 40 * DAY, category="Toys", price=5.5),
        event("a-old", "Product Viewed", at=NOW - 3 * DAY, category="Books", price=30), event("c", "Home", at=NOW - DAY, kind="page"),
        order("a", "o1", net=5000, at=NOW - 10 * DAY, lines=[OrderLine(product_id="p1", category="Books", amount_minor=5000)]),
        order("a-old", "o2", net=3000, at=NOW - 20 * DAY, lines=[OrderLine(product_id="p2", category="Toys", amount_minor=3000)]),
        order("b", "o3", net=700, at=NOW - 300 * DAY), order("c", "o4", net=900, at=NOW - DAY, status="cancelled"),
        consent(1, marketing={"email": "granted"}), consent(4, marketing={"email": "withdrawn", "sms": "granted"}), consent(2, marketing={"email": "granted"}),
    )


@pytest.mark.asyncio
async def test_rules_over_a_small_shop(warehouse: Warehouse) -> None:
    await a_shop(warehouse)
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({"trait": "city", "op": "eq", "value": "Tehran"}, {1, 3}),
        ({"trait": "city", "op": "neq", "value": "Tehran"}, {2, 5}),
        ({"trait": "city", "op": "in", "value": ["Shiraz", "Qom"]}, {2}),
        ({"trait": "city", "op": "contains", "value": "EHR"}, {1, 3}),
        ({"trait": "tags", "op": "contains", "value": "vip"}, {1}),
        ({"trait": "city", "op": "exists", "value": False}, {5}),
        ({"trait": "address.zip", "op": "eq", "value": "11"}, {1}),
        ({"trait": "age", "op": "gt", "value": 29}, {1}),
        ({"trait": "age", "op": "lte", "value": 29}, {2}),
        ({"trait": "born", "op": "before", "value": "2001-01-01"}, {5}),
        ({"trait": "registered_at", "op": "before", "value": "-99d"}, {1, 2, 3, 5}),
        ({"trait": "email", "op": "exists"}, {1, 2, 3, 5}),
        ({"trait": "language", "op": "eq", "value": "fa"}, {1, 2, 3, 5}),
        ({"trait": "'; DROP TABLE event; --", "op": "exists"}, set()),
        ({"event": "Product Viewed"}, {1}),
        ({"event": "Product Viewed", "count": {"op": "eq", "value": 3}}, {1}),
        ({"event": "Product Viewed", "count": 3, "within_days": 30}, set()),
        ({"event": "Product Viewed", "count": 2, "within_days": 30}, {1}),
        ({"event": "Product Viewed", "where": [{"property": "price", "op": "gt", "value": 20}]}, {1}),
        ({"event": "Product Viewed", "where": [{"property": "category", "op": "eq", "value": "Food"}]}, set()),
        ({"event": "*", "never": True}, {2, 5}),
        ({"event": "*", "kind": "page"}, {3}),
        ({"event": "Product Viewed", "to": "-10d"}, {1}),
        ({"orders": {"value": 1}}, {1, 2}),
        ({"orders": {"op": "eq", "value": 0}}, {3, 5}),
        ({"orders": {"value": 2}}, {1}),
        ({"orders": {"measure": "sum", "op": "gte", "value": 8000}}, {1}),
        ({"orders": {"measure": "average", "op": "eq", "value": 4000}}, {1}),
        ({"orders": {"measure": "last", "op": "before", "value": "-100d"}}, {2}),
        ({"orders": {"measure": "first", "op": "after", "value": "-100d"}}, {1}),
        ({"orders": {"value": 1, "category": "Toys"}}, {1}),
        ({"orders": {"measure": "sum", "op": "gt", "value": 3000, "product": "p2"}}, set()),
        ({"consent": {"purpose": "marketing", "channel": "email"}}, {2}),
        ({"consent": {"purpose": "marketing", "channel": "email", "state": "withdrawn"}}, {1}),
        ({"consent": {"purpose": "marketing", "channel": "email", "state": "none"}}, {3, 5}),
        ({"consent": {"purpose": "marketing", "state": "granted"}}, {1, 2}),
        ({"stage": "acquire"}, {3, 5}),
        ({"stage": ["enhance", "retain"]}, {1, 2}),
        ({"rfm": {"part": "r", "op": "gte", "value": 1}}, set()),
        ({"all": [{"trait": "city", "op": "eq", "value": "Tehran"}, {"not": {"orders": {"value": 1}}}]}, {3}),
        ({"any": [{"trait": "age", "op": "lt", "value": 30}, {"event": "Home"}]}, {2, 3}),
    ]
    for rule, expected in cases:
        assert await ask(warehouse, rule) == expected, rule


@pytest.mark.asyncio
async def test_refunds_are_subtracted_and_a_full_refund_is_no_order(warehouse: Warehouse) -> None:
    await a_shop(warehouse)
    base = order("a", "o1", net=5000, at=NOW - 10 * DAY, version=2, refunded=1000)
    refund = OrderRefunded(
        **{name: getattr(base, name) for name in base.__struct_fields__}, refund_id="r1", refund_minor=1000, refunded_at=NOW - DAY
    )
    await load(warehouse, refund, refund)  # told twice, counted once
    assert await ask(warehouse, {"orders": {"measure": "sum", "op": "eq", "value": 7000}}) == {1}
    await load(warehouse, order("b", "o3", net=700, at=NOW - 300 * DAY, version=2, refunded=700))
    assert await ask(warehouse, {"orders": {"value": 1}}) == {1}
    await load(warehouse, order("b", "o3", net=700, at=NOW - 300 * DAY, version=1))  # an older version that comes late changes nothing
    assert await ask(warehouse, {"orders": {"value": 1}}) == {1}


@pytest.mark.asyncio
async def test_a_merge_is_a_join(warehouse: Warehouse) -> None:
    await a_shop(warehouse)
    await load(warehouse, belongs("b", 1), profile(2, merged_into=1))
    assert await ask(warehouse, {"orders": {"value": 3}}) == {1}
    await load(warehouse, belongs("b", 2), profile(2, city="Shiraz"))
    assert await ask(warehouse, {"orders": {"value": 1}}) == {1, 2}
    assert await warehouse.read(lambda c: evaluating.survivor(c, UUID(customer_id(4)))) == UUID(customer_id(1))
    assert await warehouse.read(lambda c: evaluating.survivor(c, UUID(customer_id(99)))) is None


@pytest.mark.asyncio
async def test_touched_customers_and_the_next_moment(warehouse: Warehouse) -> None:
    await a_shop(warehouse)
    before = await warehouse.read(evaluating.newest)
    await load(warehouse, event("c", "Product Viewed", at=NOW - 29 * DAY), belongs("b", 5))
    question = Question(SEGMENT, parsing.parse_rule({"event": "Product Viewed", "within_days": 30}))
    found = await warehouse.read(
        lambda c: evaluating.evaluate_touched(
            c, since=before, due=[], questions=[question], now=NOW, horizon=NOW + 2 * DAY, currency="EUR", limit=100
        )
    )
    assert {str(one) for one in found.touched} == {customer_id(3), customer_id(2), customer_id(5)}
    verdicts = {str(one.customer_id): one for one in found.verdicts[SEGMENT]}
    assert verdicts[customer_id(3)].holds
    assert verdicts[customer_id(3)].due == NOW + DAY + timedelta(milliseconds=1)
    assert customer_id(2) not in verdicts
    crowded = await warehouse.read(
        lambda c: evaluating.evaluate_touched(
            c, since=0, due=[], questions=[question], now=NOW, horizon=NOW + DAY, currency="EUR", limit=2
        )
    )
    assert crowded.too_many


@pytest.mark.asyncio
async def test_reasons_name_each_clause_and_what_was_seen(warehouse: Warehouse) -> None:
    await a_shop(warehouse)
    rule = parsing.parse_rule({"all": [{"trait": "city", "op": "eq", "value": "Tehran"}, {"any": [{"orders": {"value": 5}}, {"stage": "enhance"}]}]})
    found = await warehouse.read(lambda c: evaluating.reasons(c, customer=UUID(customer_id(1)), rule=rule, now=NOW, currency="EUR"))
    assert found == (True, [
        {"pointer": "/all/0", "holds": True, "seen": "Tehran"},
        {"pointer": "/all/1/any/0", "holds": False, "seen": "2"},
        {"pointer": "/all/1/any/1", "holds": True, "seen": "enhance"},
    ])
    assert await warehouse.read(lambda c: evaluating.reasons(c, customer=UUID(customer_id(4)), rule=rule, now=NOW, currency="EUR")) is None


@pytest.mark.asyncio
async def test_positions_fence_and_survive_reopening(tmp_path: Path) -> None:
    path = str(tmp_path / "facts.duckdb")
    first = Warehouse(path)
    await first.open()
    await load(first, event("a", "X"), event("a", "Y"))
    with pytest.raises(StaleOffset) as stale:
        await first.write(lambda c: loading.apply_batch(c, "r", batches([event("a", "X")], {})))
    assert stale.value.positions == {EVENTS: 2}
    await first.close()
    second = Warehouse(path)
    await second.open()
    assert second.birth == first.birth
    assert await second.read(lambda c: loading.read_positions(c, "r")) == {EVENTS: (2, None)}
    assert await second.read(lambda c: c.execute("SELECT count(*) FROM event").fetchone()) == (2,)
    await second.close()


LOADER = """
import asyncio, sys
from chassis.eventlog import Partition
from services.analytics.store import loading
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import event, stored

async def main():
    warehouse = Warehouse(sys.argv[1])
    await warehouse.open()
    for first in range(0, 10**6, 50):
        batch = {Partition("ecrm.interaction", 0): [stored(event("a", f"E{n}"), offset=n, origin=n) for n in range(first, first + 50)]}
        await warehouse.write(lambda c: loading.apply_batch(c, "r", batch))
        sys.stdout.write(f"{first + 50}\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


@pytest.mark.asyncio
async def test_kill_minus_nine_loses_no_commit_and_splits_none(tmp_path: Path) -> None:
    """Rows and position are one transaction: after a kill both are there up to the last confirmed commit, or the one after it."""
    path = str(tmp_path / "facts.duckdb")
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", LOADER, path, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    confirmed = 0
    while confirmed < 600:
        confirmed = int(await asyncio.wait_for(child.stdout.readline(), 60))
    child.kill()
    confirmed = max([confirmed, *(int(line) for line in (await child.stdout.read()).split())])
    await child.wait()
    warehouse = Warehouse(path)
    await warehouse.open()
    try:
        following, origin = (await warehouse.read(lambda c: loading.read_positions(c, "r")))[EVENTS]
        assert confirmed <= following <= confirmed + 50
        assert origin == following - 1
        found = await warehouse.read(lambda c: c.execute("SELECT count(*), count(DISTINCT name) FROM event").fetchall())
        assert found == [(following, following)]
    finally:
        await warehouse.close()


@pytest.mark.asyncio
async def test_records_repeated_by_their_teller_are_skipped(warehouse: Warehouse) -> None:
    def batch(*pairs: tuple[int, int]) -> dict[Partition, list[Stored]]:
        return {EVENTS: [stored(event("a", f"E{origin}"), offset=offset, origin=origin) for offset, origin in pairs]}

    await warehouse.write(lambda c: loading.apply_batch(c, "r", batch((0, 10), (1, 12))))
    await warehouse.write(lambda c: loading.apply_batch(c, "r", batch((2, 10), (3, 12), (4, 13))))
    assert await warehouse.read(lambda c: c.execute("SELECT name FROM event ORDER BY name").fetchall()) == [("E10",), ("E12",), ("E13",)]


@pytest.mark.asyncio
async def test_undecodable_records_are_kept_as_rejects_beside_the_good_ones(warehouse: Warehouse) -> None:
    good = stored(event("a", "Good"), offset=1)
    records = [good._replace(offset=0, value=b"{broken"), good, good._replace(offset=2, value=good.value.replace(shop.identity("a").encode(), b"z" * 32) if good.value else None)]
    with pytest.raises(duckdb.Error) as failed:
        await warehouse.write(lambda c: loading.apply_batch(c, "r", {EVENTS: records}))
    assert loading.is_bad_value(failed.value)
    await warehouse.write(lambda c: loading.apply_batch(c, "r", {EVENTS: records}, checked=True))
    assert await warehouse.read(lambda c: c.execute("SELECT name FROM event").fetchall()) == [("Good",)]
    rejects = await warehouse.read(lambda c: c.execute("SELECT record_offset, cause FROM reject ORDER BY 1").fetchall())
    assert rejects == [(0, "DecodeError"), (2, "ValueError")]


@pytest.mark.asyncio
async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "facts.duckdb")
    first = Warehouse(path)
    await first.open()
    program = (
        "import asyncio, sys\nfrom services.analytics.store.warehouse import Warehouse, WarehouseBusy\n"
        f"async def main():\n    try:\n        await Warehouse({path!r}).open()\n    except WarehouseBusy:\n        sys.exit(7)\nasyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    try:
        assert await asyncio.wait_for(child.wait(), 30) == 7
    finally:
        await first.close()
    assert issubclass(WarehouseBusy, Exception)


