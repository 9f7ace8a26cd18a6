"""A points programme with members and orders, played through the service's doors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.ids import new_text_id
from contracts.customer import IdentityState
from contracts.interaction import OrderLine, OrderPlaced, OrderRefunded, OrderUpdated
from services.campaign import commands
from tests.integration.campaign.stage import Stage

LOYALTY = {
    "kind": "loyalty", "earn": [{"points": 1, "per_minor": 100, "currency": "EUR"}], "expire_days": 365,
    "tiers": [{"name": "silver", "from_points": 100}, {"name": "gold", "from_points": 500, "factor": 2}],
}
SENDER = {"from_address": "club@peyvand.example", "from_name": "Club"}


class Club:
    """Calls of the HTTP door, and facts as other services tell them."""

    def __init__(self, play: Stage) -> None:
        self.play = play
        self.versions: dict[str, int] = {}

    async def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, status: int | None = None) -> Any:
        headers = {"idempotency-key": key} if key else {}
        answer = await self.play.http.call(
            method, "/api/v1" + path, json=body, headers=headers, scopes=["campaigns:read", "campaigns:write", "campaigns:send"]
        )
        if status is not None:
            assert answer.status == status, (answer.status, answer.body)
        elif answer.status >= 300:
            raise AssertionError((method, path, answer.status, answer.body))
        return answer.json() if answer.body else None

    async def programme(self, settings: Any, *, start: bool = True, **more: Any) -> str:
        made = await self.call("POST", "/programmes", {"name": settings["kind"], "settings": settings, **more})
        if start:
            await self.call("POST", f"/programmes/{made['id']}/start")
        return str(made["id"])

    async def person(self, number: int = 0, *, granted: bool = True) -> str:
        """A customer with an e-mail identity under which orders come."""
        customer_id = await self.play.customer(f"p{number}-{new_text_id()[-6:]}@x.example", granted=granted)
        await self.link(customer_id, customer_id)
        return customer_id

    async def link(self, identity_of: str, customer_id: str) -> None:
        identity = self.identity(identity_of)
        async with self.play.service.transaction() as tx:
            state = IdentityState(identity=identity.hex(), kind="user", customer_id=customer_id)
            await commands.replicate_identities(tx, states={identity: state})

    def identity(self, customer_id: str) -> bytes:
        return self.play.service.hash_identity(f"user:{customer_id}")

    async def order(
        self, customer_id: str, net: int, *, order_id: str | None = None, at: datetime | None = None, refunded: int = 0, status: str = "paid",
        lines: list[OrderLine] | None = None, delivered_at: datetime | None = None, look: bool = True, currency: str = "EUR",
    ) -> str:
        """Tell an order (anew: changed or refunded), and let programmes look at it."""
        order_id = order_id or new_text_id()
        version = self.versions[order_id] = self.versions.get(order_id, 0) + 1
        same: dict[str, Any] = {
            "order_id": order_id, "identity": self.identity(customer_id).hex(), "source": "shop", "status": status, "currency": currency,
            "ordered_at": at or datetime.now(UTC), "paid_minor": net, "net_minor": net, "refunded_minor": refunded, "version": version,
            "delivered_at": delivered_at, "lines": lines or [OrderLine(product_id="p1", category="books", amount_minor=net)],
        }
        fact: OrderPlaced | OrderUpdated | OrderRefunded
        if refunded:
            fact = OrderRefunded(**same, refund_id=new_text_id(), refund_minor=refunded, refunded_at=datetime.now(UTC))
        else:
            fact = OrderPlaced(**same) if version == 1 else OrderUpdated(**same)
        async with self.play.service.transaction() as tx:
            await commands.note_order(tx, order=fact)
        if look:
            await self.look()
        return order_id

    async def look(self) -> None:
        while await commands.look_at_orders(self.play.service):
            pass

    async def standing(self, programme_id: str, customer_id: str) -> Any:
        return await self.call("GET", f"/programmes/{programme_id}/members/{customer_id}")

    async def balance(self, programme_id: str, customer_id: str) -> int:
        found: int = (await self.standing(programme_id, customer_id))["balance"]
        return found

    async def audit(self, programme_id: str) -> dict[str, int]:
        """The books balance: checked wherever a test ends."""
        found: dict[str, int] = await self.call("GET", f"/programmes/{programme_id}/points/audit")
        assert found["wrong_accounts"] == 0, found
        assert sum(found[name] for name in ("member", "owed", "issued", "redeemed", "expired")) == 0, found
        return found

    async def reward(self, programme_id: str, **more: Any) -> str:
        made = await self.call("POST", f"/programmes/{programme_id}/rewards", {"name": "Cup", "points": 50, "cost_minor": 300, **more})
        return str(made["id"])

    async def age(self, days: float) -> None:
        """Everything in the books happened so many days earlier."""
        by = timedelta(days=days)
        async with self.play.service.transaction() as tx:
            await tx.db.execute("UPDATE points_lot SET expires_at = expires_at - $1::interval", by)
            await tx.db.execute("UPDATE points_transaction SET at = at - $1::interval", by)
            await tx.db.execute("UPDATE programme_member SET next_at = next_at - $1::interval, joined_at = joined_at - $1::interval, asked_at = asked_at - $1::interval", by)
            await tx.db.execute("UPDATE programme SET started_at = started_at - $1::interval", by)
