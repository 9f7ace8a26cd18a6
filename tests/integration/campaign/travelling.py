"""Journeys as tests drive them: over the API, with events brought by hand and timers that are made due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.identity import identity_key
from services.campaign import commands
from services.campaign.commands.journeys import listening
from services.campaign.domain.journeys.moving import Happened
from services.campaign.store import journey_errands, replicas
from tests.integration.campaign.stage import Stage

SCOPES = ["campaigns:read", "campaigns:write", "campaigns:send"]


def basket(template: str, **more: Any) -> dict[str, Any]:
    """Who puts something into the basket and does not buy within the time gets one mail; who buys leaves."""
    return {
        "entry": {"event": {"name": "Product Added"}}, "start": "patience", "reentry": "after_exit",
        "leave_on": [{"event": {"name": "Order Completed"}, "goal": "bought"}],
        "steps": {
            "patience": {"type": "wait", "for": {"hours": 1}, "next": "mail"},
            "mail": {"type": "message", "template_id": template, "next": "reaction"},
            "reaction": {"type": "wait_for", "event": {"name": "Product Viewed"}, "within": {"days": 2}, "then": "interested"},
            "interested": {"type": "exit", "reason": "interested"},
        },
        **more,
    }


class Journeys:
    def __init__(self, play: Stage) -> None:
        self.play = play

    async def call(self, method: str, path: str, **body: Any) -> Any:
        return await self.play.http.call(method, f"/api/v1/journeys{path}", json=body or None, scopes=SCOPES)

    async def published(self, definition: Mapping[str, Any], name: str = "Basket") -> str:
        made = await self.call("POST", "", name=name, definition=definition)
        assert made.status == 201, made.body
        journey = str(made.json()["id"])
        answer = await self.call("POST", f"/{journey}/publish")
        assert answer.status == 200, answer.body
        return journey

    async def happened(self, customer: str, name: str, *, at: datetime | None = None, **properties: Any) -> None:
        """An event that the interaction service recorded."""
        at = at or self.play.service.clock.now()
        async with self.play.service.transaction() as tx:
            identity = self.play.service.hash_identity(str(identity_key("user", customer)))
            await replicas.put_identities(tx.db, [(identity, "user", UUID(customer))], gone=[])
            await journey_errands.keep(tx.db, [("test", identity, None, Happened(str(uuid4()), name, properties, at, at))])
        await listening.bring_events(self.play.service)

    async def run(self) -> None:
        for _ in range(10):
            if not await commands.run_journeys(self.play.service):
                break

    async def later(self, journey: str) -> None:
        """All timers are due."""
        async with self.play.service.transaction() as tx:
            await tx.db.execute("UPDATE journey_person SET due_at = now() WHERE journey_id = $1 AND due_at IS NOT NULL", UUID(journey))
        await self.run()

    async def where(self, journey: str, customer: str) -> Any:
        answer = await self.call("GET", f"/{journey}/people/{customer}")
        assert answer.status == 200, answer.body
        return answer.json()["passages"][0]

    async def figures(self, journey: str) -> Any:
        found = (await self.call("GET", f"/{journey}/figures")).json()
        assert found["entered"] == found["inside"] + sum(found["left"].values())
        return found
