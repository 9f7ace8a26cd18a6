"""Events in parts by month of receipt; what was kept long enough goes, by kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from services.interaction.domain import retention
from services.interaction.domain.retention import Rule
from services.interaction.store import retention as store
from tests.integration.interaction.support import checked, published, settle, track
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import TestPlatform, TestService, started

pytestmark = pytest.mark.asyncio


async def parts(service: TestService) -> dict[str, int]:
    """Part -> events in it, of those that hold any."""
    async with service.service.read() as db:
        rows = await db.fetch("SELECT tableoid::regclass::text AS part, count(*) FROM interaction GROUP BY 1")
    return {row[0]: row[1] for row in rows}


def page(message_id: str, at: str) -> dict[str, Any]:
    return {"type": "page", "userId": "anna", "name": "Home", "messageId": message_id, "timestamp": at}


async def told(platform: TestPlatform, *events: dict[str, Any], received_at: datetime) -> None:
    await platform.log.append(checked(events, received_at=received_at))
    await settle(platform)


async def seen(service: TestService) -> list[str]:
    listed = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline")).json()["data"]
    return [entry["message_id"] for entry in listed]


async def test_events_of_any_age_are_taken_and_move_when_their_month_is_made(cluster: PrivateCluster) -> None:
    now = datetime.now(UTC)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        await told(platform, page("new", now.isoformat()), track("anna", "Order Completed", "ancient", {}, timestamp="1402-01-01T00:00:00Z"), received_at=now)
        await told(platform, page("old", "2019-03-04T00:00:00Z"), received_at=datetime(2019, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC))
        await told(platform, page("next", "2019-04-01T00:00:00Z"), received_at=datetime(2019, 4, 1, tzinfo=UTC))
        before, listed = await parts(service), await seen(service)
        async with service.service.transaction() as tx:
            made = [await store.make_month(tx.db, date(2019, 3, 1)) for _ in range(2)]
        after = await parts(service)
        assert await seen(service) == listed == ["new", "next", "old", "ancient"]
        assert [event.id for event in await published(platform.log)] == ["new", "ancient", "old", "next"]
        async with service.service.read() as db:
            months = await store.list_months(db)
    assert before == {"interaction_default": 2, f"interaction_{now:%Y%m}": 2}
    assert after == {"interaction_201903": 1, "interaction_default": 1, f"interaction_{now:%Y%m}": 2}
    assert made == [True, False]
    assert months == ["interaction_201903", *(f"interaction_{month:%Y%m}" for month in retention.months_ahead(now.date()))]


async def test_a_sweep_deletes_by_kind_and_drops_what_nobody_keeps(cluster: PrivateCluster) -> None:
    now = datetime.now(UTC)
    old, ancient = now - timedelta(days=800), datetime(2015, 1, 15, tzinfo=UTC)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        async with service.service.transaction() as tx:
            await store.make_month(tx.db, date(2015, 1, 1))
        await told(platform, page("p1", old.isoformat()), track("anna", "Seen", "t1"), received_at=old)
        await told(platform, page("p2", now.isoformat()), received_at=now)
        await told(platform, {"type": "identify", "userId": "anna", "messageId": "i1"}, received_at=ancient)
        rules = (await service.call("GET", "/api/v1/retention-rules")).json()["data"]
        same = [{name: rule[name] for name in ("kind", "days", "reason")} for rule in rules]
        assert (await service.call("PUT", "/api/v1/retention-rules", json={"rules": same})).status == 200
        dry = (await service.call("GET", "/api/v1/retention-rules/expired")).json()["data"]
        untouched = await seen(service)
        await commands.retention.sweep_expired(service.service)
        kept, left = await seen(service), await parts(service)
        async with service.service.read() as db:
            months = await store.list_months(db)
        again = (await service.call("GET", "/api/v1/retention-rules/expired")).json()["data"]
    assert {rule["kind"]: rule["days"] for rule in rules} == {"*": 3660, "page": 760, "screen": 760, "track": 1830}
    assert {each["kind"]: each["events"] for each in dry} == {"*": 1, "page": 1, "screen": 0, "track": 0}
    assert sorted(untouched) == ["i1", "p1", "p2", "t1"]
    assert sorted(kept) == ["p2", "t1"]
    assert "interaction_201501" not in left
    assert "interaction_201501" not in months
    assert {each["events"] for each in again} == {0}


async def test_rules_are_data_and_incomplete_ones_are_refused(cluster: PrivateCluster) -> None:
    others = {"kind": "*", "days": None, "reason": "for good"}
    calls = {"kind": "call", "days": 90, "reason": "three months"}
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        put = await service.call("PUT", "/api/v1/retention-rules", json={"rules": [others, calls]})
        missing = await service.call("PUT", "/api/v1/retention-rules", json={"rules": [calls]})
        twice = await service.call("PUT", "/api/v1/retention-rules", json={"rules": [others, calls, calls]})
        short = await service.call("PUT", "/api/v1/retention-rules", json={"rules": [others, {**calls, "days": 3}]})
        writer = await service.call("PUT", "/api/v1/retention-rules", json={"rules": [others]}, scopes=["interactions:write"])
    assert [(rule["kind"], rule["days"]) for rule in put.json()["data"]] == [("*", None), ("call", 90)]
    assert (missing.json()["code"], twice.json()["code"], short.status, writer.status) == (
        "retention.rules_incomplete", "retention.rules_incomplete", 422, 403,
    )


@pytest.mark.parametrize(
    ("months", "rules", "dropped"),
    [
        (["interaction_202001", "interaction_202002"], [Rule("*", 30), Rule("page", 90)], ["interaction_202001"]),
        (["interaction_202001"], [Rule("*", None), Rule("page", 30)], []),
        (["interaction_202001"], [], []),
    ],
)
async def test_a_month_is_dropped_when_its_last_event_has_expired(months: list[str], rules: list[Rule], dropped: list[str]) -> None:
    assert retention.droppable(months, rules, datetime(2020, 5, 10, tzinfo=UTC)) == dropped


async def test_everything_is_looked_through_once_a_month() -> None:
    march = datetime(2026, 3, 7, tzinfo=UTC)
    assert retention.since(Rule("page", 30, march), march + timedelta(days=2)) == march
    assert retention.since(Rule("page", 30, march), march + timedelta(days=30)) is None


async def test_months_ahead_cross_the_year() -> None:
    assert retention.months_ahead(date(2026, 11, 23)) == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
