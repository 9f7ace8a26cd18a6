"""The state of the other parts, asked all at once; who does not answer is named."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from chassis.errors import Unavailable
from chassis.identity import Caller
from gateway.settings import GatewayService

SERVICES: Final = ("customer", "interaction", "analytics", "campaign", "consent")
SECONDS: Final = 10.0


async def get_parts(service: GatewayService, *, asking: Caller) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What each part says of itself, and why the others say nothing. The collector keeps nothing: it only says whether it is ready."""
    answers = await asyncio.gather(*(_ask(service, name, "/internal/state", asking) for name in SERVICES), _ask(service, "collector", "/readyz", asking))
    found = dict(zip((*SERVICES, "collector"), answers, strict=True))
    parts = {name: said for name, (said, _) in found.items() if said is not None and name != "collector"}
    return parts, {name: why for name, (_, why) in found.items() if why}


async def _ask(service: GatewayService, name: str, path: str, asking: Caller) -> tuple[dict[str, Any] | None, str]:
    if name not in service.peers:
        return None, "not connected"
    try:
        answer = await service.peers[name].call("GET", path, timeout=SECONDS, token=service.tokens.mint(name, asking))
        said = answer.json()
    except Unavailable:
        return None, "does not answer"
    except ValueError:
        return None, "answers something else"
    if answer.status == 200 and isinstance(said, dict):
        return said, ""
    missing = said.get("missing") if isinstance(said, dict) else None
    return None, f"is not ready: {', '.join(missing)}" if missing else f"answers {answer.status}"
