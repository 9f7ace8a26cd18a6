"""The timeline over events that lie in many months, told late or at once: every page is exact, and stays so while others are told."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction.domain import retention
from services.interaction.store import retention as store
from tests.integration.interaction.support import checked, settle, track
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import TestService, started

pytestmark = pytest.mark.asyncio

NOW = datetime.now(UTC).replace(microsecond=0)


async def pages(service: TestService, query: str) -> list[str]:
    """The message ids of all pages."""
    found: list[str] = []
    token = ""
    while True:
        answer = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?{query}{token}")).json()
        found += [entry["message_id"] for entry in answer["data"]]
        if answer["next_page_token"] is None:
            return found
        token = f"&page_token={answer['next_page_token']}"


async def test_pages_are_exact_whatever_month_an_event_was_received_in(cluster: PrivateCluster) -> None:
    """U11"""
    draw = random.Random(3)
    events: list[tuple[datetime, datetime, str, dict[str, Any]]] = []
    for number in range(150):
        occurred = NOW - timedelta(days=draw.randrange(600), seconds=number)
        received = min(NOW, occurred + timedelta(days=draw.choice((0, 0, 0, 3, 90, 400))))
        who = draw.choice(("user:anna", "anon:a1"))
        body: dict[str, Any] = track("anna", "Seen", f"m{number}", timestamp=occurred.isoformat())
        if who == "anon:a1":
            body = {"type": "page", "anonymousId": "a1", "messageId": f"m{number}", "timestamp": occurred.isoformat()}
        events.append((occurred, received, f"m{number}", body))
    order = [name for _, _, name, _ in sorted(events, key=lambda event: event[0], reverse=True)]
    kinds = {name: body["type"] for _, _, name, body in events}
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "anon:a1": ANNA})
        first = NOW - timedelta(days=620)
        async with service.service.transaction() as tx:
            for month in retention.months_ahead(first.date(), 24)[::2]:  # every other month is missing: the default part holds those
                await store.make_month(tx.db, month)
        for received in sorted({event[1] for event in events}):
            await platform.log.append(checked([event[3] for event in events if event[1] == received], received_at=received))
        await settle(platform)
        assert await pages(service, "limit=7") == order
        assert await pages(service, "limit=40") == order
        assert await pages(service, "limit=9&kind=page") == [name for name in order if kinds[name] == "page"]
        begin, end = NOW - timedelta(days=300), NOW - timedelta(days=100)
        between = [name for occurred, _, name, _ in sorted(events, key=lambda event: event[0], reverse=True) if begin <= occurred < end]
        assert await pages(service, f"limit=11&from={quote(begin.isoformat())}&to={quote(end.isoformat())}") == between


async def test_a_cursor_is_stable_while_others_are_told(cluster: PrivateCluster) -> None:
    """U11 D2"""
    def call(number: int, days: float, **more: Any) -> dict[str, Any]:
        at = (NOW - timedelta(days=days)).isoformat()
        return {
            "id": f"c{number}", "kind": "call", "customer": "user:anna", "initiator": "customer", "answered": True, "duration_s": 1, "occurred_at": at,
            **more,
        }

    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        for number in range(6):
            body = call(number, number, purpose=("sales", "service")[number % 2], initiator=("customer", "company")[number // 3])
            assert (await service.call("POST", "/api/v1/interactions", json=body)).status == 202
        await settle(platform)
        one = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=call&limit=3")).json()
        for number, days in ((10, 0), (11, 1.5), (12, 4.5)):  # newer than the page, within it, behind it
            await service.call("POST", "/api/v1/interactions", json=call(number, days))
        await settle(platform)
        two = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=call&limit=9&page_token={one['next_page_token']}")).json()
        filtered = {
            query: await pages(service, query)
            for query in ("purpose=service", "purpose=sales&initiator=company", "initiator=company&channel=call", "purpose=other", "kind=letter")
        }
    assert [entry["message_id"] for entry in one["data"]] == ["c0", "c1", "c2"]
    assert [entry["message_id"] for entry in two["data"]] == ["c3", "c4", "c12", "c5"]
    assert filtered == {
        "purpose=service": ["c1", "c3", "c5"], "purpose=sales&initiator=company": ["c4"], "initiator=company&channel=call": ["c3", "c4", "c5"],
        "purpose=other": [], "kind=letter": [],
    }
