"""Whether the gateway can do its job: it knows the keys, and the log takes records. What its neighbours say is shown beside it."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from chassis.errors import Unavailable
from gateway.settings import GatewayService

PARTS: Final = ("collector", "customer", "interaction", "analytics", "campaign", "consent")
ASK_SECONDS: Final = 1.5
REMEMBER_SECONDS: Final = 1.0


class Readiness:
    """The answer of `/readyz`, asked for at most once a second."""

    def __init__(self, service: GatewayService) -> None:
        self._service = service
        self._known: tuple[float, int, bytes] | None = None
        self._asking = asyncio.Lock()

    async def answer(self) -> tuple[int, bytes]:
        """503 only when the gateway itself is not ready: a part that is away takes nothing else with it."""
        async with self._asking:
            now = self._service.clock.monotonic()
            if self._known is None or now >= self._known[0]:
                status, body = await self._ask()
                self._known = (self._service.clock.monotonic() + REMEMBER_SECONDS, status, body)
            return self._known[1], self._known[2]

    async def _ask(self) -> tuple[int, bytes]:
        healthy, *parts = await asyncio.gather(self._log_takes_records(), *(self._part(name) for name in PARTS))
        missing = [name for name, there in (("keys", self._service.resources.keys.loaded), ("log", healthy)) if not there]
        shown = {"gateway": missing, **dict(zip(PARTS, parts, strict=True))}
        body = {"status": "not ready" if missing else "ready", "missing": missing, "parts": shown}
        return (503 if missing else 200), msgspec.json.encode(body)

    async def _log_takes_records(self) -> bool:
        try:
            return await asyncio.wait_for(self._service.log.healthy(), 2.5)
        except (TimeoutError, OSError):
            return False

    async def _part(self, name: str) -> list[str]:
        """What a neighbour misses; empty when it is ready."""
        if name not in self._service.peers:
            return ["not connected"]
        try:
            said = await self._service.peers[name].call("GET", "/readyz", timeout=ASK_SECONDS)
            return [] if said.status == 200 else [str(one) for one in said.json().get("missing", [])] or ["not ready"]
        except Unavailable:
            return ["does not answer"]
        except (ValueError, AttributeError):
            return ["answers something else"]
