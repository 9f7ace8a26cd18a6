"""A market of made-up customers told to a running service, and waiting for fits."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from contracts.fact import Fact
from tests.integration.analytics.story import DAY, NOW, ask, tell
from tests.support.platform import TestPlatform
from tests.unit.analytics.models import simulated
from tests.unit.analytics.shop import belongs, customer_id, order, profile


async def told(platform: TestPlatform, facts: list[Fact]) -> None:
    """Tell in parts, and wait until all is loaded."""
    for start in range(0, len(facts), 1000):
        await tell(platform.log, *facts[start : start + 1000])
    await platform.drain()


def buyers(customers: int, *, seed: int = 5) -> list[Fact]:
    """Profiles, identities and orders of 400 days; amounts in minor units."""
    who, when, paid = simulated.purchases(customers, seed=seed)
    facts: list[Fact] = [fact for number in range(customers) for fact in (profile(number), belongs(f"u{number}", number))]
    start = NOW - 400 * DAY
    for place, (number, day, amount) in enumerate(zip(who, when, paid, strict=True)):
        facts.append(order(f"u{number}", f"o{place}", net=max(1, round(float(amount))), at=start + timedelta(days=int(day))))
    return facts


async def fitted(platform: TestPlatform, kind: str, body: dict[str, Any] | None = None, *, seconds: float = 300) -> dict[str, Any]:
    """Ask for a fit and wait for its end."""
    begun = await ask(platform, "POST", f"/models/{kind}/fits", body or {}, status=202)
    return await ended(platform, kind, begun["fit_id"], seconds=seconds)


async def ended(platform: TestPlatform, kind: str, fit_id: str, *, seconds: float = 300) -> dict[str, Any]:
    """Wait for the end of a fit that was begun; its progress only rises."""
    progress = 0.0
    async with asyncio.timeout(seconds):
        while True:
            found: dict[str, Any] = await ask(platform, "GET", f"/models/{kind}/fits/{fit_id}")
            assert found["state"] == "failed" or progress <= found["progress"] <= 1
            progress = found["progress"]
            if found["state"] in {"done", "failed"}:
                return found
            await asyncio.sleep(0.2)


async def scores(platform: TestPlatform, number: int) -> dict[str, Any]:
    """Score -> view of a customer."""
    found = await ask(platform, "GET", f"/customers/{customer_id(number)}/scores")
    return {one["score"]: one for one in found["data"]}
