"""Sequences, absence, calendars, Persian spellings, figures over properties, messages, lists and scores, asked of a warehouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from contracts.analytics import ScoreChanged, SegmentEntered, SegmentLeft
from contracts.campaign import MessageAccepted, MessageClicked
from contracts.customer import ProfilePersonal, ProfileState
from services.analytics.domain import parsing
from services.analytics.store import decoding, evaluating, loading
from services.analytics.store.evaluating import Question
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import DAY, NOW, belongs, customer_id, event, order, profile, stored

LIST = "01970000-0000-7000-8000-000000000001"


def registered(number: int, at: datetime, **traits: Any) -> ProfileState:
    return ProfileState(
        customer_id=customer_id(number), version=1, registered_at=at, known=True, personal=ProfilePersonal(language="fa", traits=traits),
    )


@pytest_asyncio.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    opened = Warehouse(str(tmp_path / "facts.duckdb"))
    await opened.open()
    hour = timedelta(hours=1)
    facts = [
        # 1405-01-01 begins at 20:30 UTC of 20 March 2026 in Tehran.
        registered(1, datetime(2026, 3, 20, 21, tzinfo=UTC), city="تهران", birthday="1369-01-05"), registered(2, datetime(2026, 3, 20, 20, tzinfo=UTC), city="طهران", birthday="1990-03-25"),
        registered(3, datetime(2025, 4, 20, tzinfo=UTC), city="كرج", birthday="1990-04-25"), profile(4, city="Qom", code="۱۲"),
        *(belongs(name, number) for number, name in enumerate("abcd", 1)),
        # a: added, then ordered in time; b: added, ordered too late; c: added only yesterday; d: the other way round
        event("a", "Added", at=NOW - 10 * DAY, price=5, sku="x"), event("a", "Ordered", at=NOW - 9 * DAY), event("a", "Added", at=NOW - 8 * DAY, price=7.5, sku="x"),
        event("a", "Ordered", at=NOW - 8 * DAY + hour),
        event("b", "Added", at=NOW - 10 * DAY, price=1, sku="y"), event("b", "Ordered", at=NOW - 5 * DAY),
        event("c", "Added", at=NOW - DAY), event("d", "Ordered", at=NOW - 4 * DAY), event("d", "Added", at=NOW - 4 * DAY, event_id="same-time"),
        order("a", "a1", net=100, at=datetime(2026, 3, 22, tzinfo=UTC)), order("b", "b1", net=100, at=datetime(2026, 5, 1, tzinfo=UTC)),
        MessageAccepted(message_id="m1", campaign_id="spring", customer_id=customer_id(1), channel="email", at=NOW - DAY, permit_id="p", consent_version=1),
        MessageClicked(message_id="m1", campaign_id="spring", customer_id=customer_id(1), channel="email", at=NOW - DAY, url="https://x", automated=False),
        MessageClicked(message_id="m2", campaign_id="spring", customer_id=customer_id(2), channel="email", at=NOW - DAY, url="https://x", automated=True),
        *(SegmentEntered(segment_id=LIST, customer_id=customer_id(n), version=1, entered_at=NOW, listed=True) for n in (2, 3)),
        SegmentLeft(segment_id=LIST, customer_id=customer_id(3), version=1, left_at=NOW, listed=True),
        SegmentEntered(segment_id=LIST, customer_id=customer_id(4), version=1, entered_at=NOW),
        ScoreChanged(customer_id=customer_id(1), score="churn", value="0.8", changed_at=NOW), ScoreChanged(customer_id=customer_id(2), score="churn", value="0.2", changed_at=NOW),
        ScoreChanged(customer_id=customer_id(2), score="churn", value="0.9", previous="0.2", changed_at=NOW), ScoreChanged(customer_id=customer_id(3), score="tier", value="high", changed_at=NOW),
    ]
    await opened.write(lambda c: loading.store(c, decoding.read_records([stored(fact, offset=number) for number, fact in enumerate(facts)])))
    yield opened
    await opened.close()


CASES: list[tuple[dict[str, Any], set[int]]] = [
    ({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered"}]}}, {1, 2}),
    ({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered", "within_days": 3}]}}, {1}),
    ({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered", "within_days": 3, "absent": True}]}}, {2, 4}),
    ({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered", "within_days": 3, "absent": True}], "within_days": 5}}, {4}),
    ({"sequence": {"steps": [{"event": "Ordered"}, {"event": "Added"}]}}, {1, 4}),
    ({"sequence": {"steps": [{"event": "Added", "where": [{"property": "price", "op": "gt", "value": 6}]}, {"event": "*", "within_days": 1}]}}, {1}),
    ({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered"}, {"event": "Added"}, {"event": "Ordered"}]}}, {1}),
    ({"event": "Added", "sum": {"property": "price", "op": "gt", "value": 12}}, {1}),
    ({"event": "Added", "distinct": {"property": "sku", "op": "eq", "value": 1}}, {1, 2}),
    ({"event": "Added", "max": {"property": "price", "op": "lt", "value": 2}}, {2}),
    ({"event": "Added", "average": {"property": "price", "op": "eq", "value": 6.25}}, {1}),
    ({"calendar": {"of": "registered_at", "month": "فروردین", "year": 1405}}, {1}),
    ({"calendar": {"of": "registered_at", "month": 12}}, {2, 4}),
    ({"calendar": {"of": "registered_at", "nowruz": True}}, {1}),
    ({"calendar": {"of": "birthday", "month": "Farvardin"}}, {1, 2}),
    ({"calendar": {"of": "birthday", "month": 1, "day": [5]}}, {1, 2}),
    ({"calendar": {"of": "birthday", "calendar": "gregorian", "month": 4}}, {3}),
    ({"calendar": {"of": "first_order", "nowruz": True}}, {1}),
    ({"cohort": {"month": "1405-01", "calendar": "jalali"}}, {1}),
    ({"cohort": {"month": "2026-05"}}, {2}),
    ({"trait": "city", "op": "eq", "value": "کرج"}, {3}),
    ({"trait": "city", "op": "in", "value": ["تهران", "كرج"]}, {1, 3}),
    ({"trait": "city", "op": "contains", "value": "ک‌رج"}, {3}),
    ({"trait": "code", "op": "eq", "value": "12"}, {4}),
    ({"message": {"outcome": "clicked"}}, {1}),
    ({"message": {"outcome": "accepted", "origin": "spring", "within_days": 2}}, {1}),
    ({"message": {"never": True}}, {2, 3, 4}),
    ({"listed": LIST}, {2}),
    ({"all": [{"event": "Added"}, {"not": {"listed": LIST}}]}, {1, 3, 4}),
    ({"score": {"name": "churn", "op": "gte", "value": 0.8}}, {1, 2}),
    ({"score": {"name": "tier", "op": "eq", "value": "high"}}, {3}),
]


@pytest.mark.asyncio
async def test_each_leaf_finds_whom_it_names_also_among_a_few(warehouse: Warehouse) -> None:
    """U20, U21, N11: the same answer for everybody at once and for a few who were touched."""
    everybody = [customer_id(number) for number in (1, 2, 3, 4)]
    for rule, expected in CASES:
        node = parsing.parse_rule(rule)
        found = await warehouse.read(lambda c, node=node: evaluating.members(c, rule=node, now=NOW, currency="EUR", zone="Asia/Tehran"))  # type: ignore[misc]
        assert {str(one) for one in found} == {customer_id(number) for number in expected}, rule
        asked = Question(found[0] if found else uuid4(), node)
        few = await warehouse.read(
            lambda c, asked=asked: evaluating.evaluate_touched(  # type: ignore[misc]
                c, since=0, due=[], questions=[asked], now=NOW, horizon=NOW + DAY, currency="EUR", limit=100, zone="Asia/Tehran"
            )
        )
        assert set(map(str, few.touched)) == set(everybody)
        assert {str(verdict.customer_id) for verdict in few.verdicts[asked.segment_id] if verdict.holds} == {customer_id(number) for number in expected}, rule
        why = await warehouse.read(lambda c, node=node: evaluating.reasons(c, customer=UUID(everybody[0]), rule=node, now=NOW, currency="EUR", zone="Asia/Tehran"))  # type: ignore[misc]
        assert why is not None
        assert why[0] == (1 in expected)


@pytest.mark.asyncio
async def test_absence_is_true_when_its_time_is_over_and_says_when_that_will_be(warehouse: Warehouse) -> None:
    """U20: c added yesterday; in two days the order has not come."""
    node = parsing.parse_rule({"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered", "within_days": 3, "absent": True}]}})
    _, verdicts = await warehouse.read(
        lambda c: evaluating.evaluate_everybody(c, question=Question(uuid4(), node), now=NOW, horizon=NOW + 5 * DAY, currency="EUR")
    )
    due = {str(verdict.customer_id): (verdict.holds, verdict.due) for verdict in verdicts}
    holds, at = due[customer_id(3)]
    assert not holds
    assert at is not None
    assert abs(at - (NOW + 2 * DAY)) < timedelta(seconds=1)
    later = await warehouse.read(lambda c: evaluating.members(c, rule=node, now=at, currency="EUR"))
    assert customer_id(3) in set(map(str, later))
