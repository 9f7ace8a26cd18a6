"""What the two marketing rounds share: people with events and orders, grants, campaigns that are awaited."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests.e2e.journey import BODY, until
from tests.support.upright import Upright


class Round:
    """One round with people of its own, told apart by a tag."""

    def __init__(self, up: Upright) -> None:
        self.up = up
        self.tag = uuid.uuid4().hex[:8]
        self.ids: dict[str, str] = {}
        self._orders = 0

    def address(self, name: str) -> str:
        return f"{name}.{self.tag}@shop.example"

    def come(self, name: str, *, views: int = 0, **traits: Any) -> None:
        """Somebody looks around, and says who they are."""
        anonymous = f"{name}-{self.tag}"
        looks = [
            {"type": "track", "anonymousId": anonymous, "event": "Product Viewed", "properties": {"product_id": f"p{number}"}} for number in range(views)
        ]
        known = {"email": self.address(name), "name": name.title(), "tag": self.tag, **traits}
        self.up.collect([*looks, {"type": "identify", "anonymousId": anonymous, "userId": anonymous, "traits": known}])

    def order(self, name: str, euros: float) -> None:
        self._orders += 1
        self.up.collect([{
            "type": "track", "userId": f"{name}-{self.tag}", "event": "Order Completed",
            "properties": {
                "order_id": f"o-{self.tag}-{self._orders}", "total": euros, "currency": "EUR", "products": [{"product_id": "tea", "price": euros}],
            },
        }])

    def meet(self, *names: str) -> None:
        """Wait until these people are customers with an address."""
        for name in names:
            self.ids[name] = self.up.customer(f"user:{name}-{self.tag}", seconds=60)["id"]
            until(partial(self._email, name), f"{name} has an address", seconds=60)

    def _email(self, name: str) -> Any:
        return self.up.ask("GET", f"/api/v1/customers/{self.ids[name]}")["email"]

    def stage(self, name: str) -> Any:
        return self.up.ask("GET", f"/api/v1/customers/{self.ids[name]}/scores").get("stage")

    def grant(self, *names: str) -> None:
        for name in names:
            body = {"customer_id": self.ids[name], "purpose": "marketing", "channel": "email", "source": "test"}
            self.up.ask("POST", "/api/v1/consents/grants", body, expect=201)

    def segment(self, name: str, *rules: Any) -> str:
        body = {"name": f"{name} {self.tag}", "rule": {"all": [{"trait": "tag", "op": "eq", "value": self.tag}, *rules]}}
        return str(self.up.ask("POST", "/api/v1/segments", body, expect=201)["id"])

    def members(self, segment: str) -> set[str]:
        names = {one: name for name, one in self.ids.items()}
        return {names.get(member["customer_id"], "?") for member in self.up.ask("GET", f"/api/v1/segments/{segment}/members")["data"]}

    def template(self, subject: str = "Hello {{ customer.name }}", body: str = BODY) -> str:
        return str(self.up.ask("POST", "/api/v1/templates", {"name": self.tag, "locales": {"en": {"subject": subject, "body": body}}}, expect=201)["id"])

    def send(self, segment: str, template: str, **more: Any) -> dict[str, Any]:
        """A campaign to a segment; its report when it has finished."""
        made = self.up.ask("POST", "/api/v1/campaigns", {
            "name": f"Round {self.tag}", "template_id": template, "segment_id": segment, "from_address": "hello@shop.example", **more,
        }, expect=201)
        self.up.ask("POST", f"/api/v1/campaigns/{made['id']}/launch", expect=202)
        return self.report(made["id"], lambda one: one["status"] == "finished", "the campaign has finished")

    def report(self, campaign: str, good: Any, what: str) -> dict[str, Any]:
        found: dict[str, Any] = until(
            lambda: (one := self.up.ask("GET", f"/api/v1/campaigns/{campaign}/report")) and good(one) and one, what, seconds=60
        )
        return found

    def metric(self, name: str, segment: str) -> Any:
        today = datetime.now(UTC).date()
        window = {"from": str(today - timedelta(days=30)), "to": str(today + timedelta(days=1)), "segment": segment}
        return self.up.ask("GET", f"/api/v1/metrics/{name}", params=window)["value"]
