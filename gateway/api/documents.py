"""Documents of the platform: its OpenAPI, a page that shows it, and what crawlers of privacy signals ask for."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from chassis import telemetry, web
from chassis.errors import Unavailable
from chassis.version import VERSION
from gateway.domain import describing, routes
from gateway.settings import GatewayService

router = APIRouter(include_in_schema=False)

Here = Annotated[GatewayService, Depends(web.service)]

SERVICES: Final = ("customer", "interaction", "analytics", "campaign", "consent")
WHOLE_SECONDS: Final = 300.0
PARTIAL_SECONDS: Final = 5.0
#: The page runs its own script and style and nothing else.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

_log = telemetry.logger(__name__)


@router.get(routes.DESCRIPTION)
async def get_openapi(here: Here, request: Request) -> dict[str, Any]:
    """The description of the whole platform; a service that does not answer is left out until it does."""
    known, now = here.resources.openapi, here.clock.monotonic()
    if known is not None and now < known[0]:
        return known[1]
    found = await asyncio.gather(*(_described(here, name) for name in SERVICES))
    parts = {name: part for name, part in zip(SERVICES, found, strict=True) if part is not None}
    own = {"gateway": request.app.openapi()}
    document = describing.merged({**parts, **own}, version=VERSION, server=here.platform.public_url)
    here.resources.openapi = (now + (WHOLE_SECONDS if len(parts) == len(SERVICES) else PARTIAL_SECONDS), document)
    return document


@router.get("/docs", response_class=HTMLResponse)
async def get_docs() -> HTMLResponse:
    """A page that shows the description and tries calls; everything it needs is in it."""
    page = resources.files("gateway.api").joinpath("pages/docs.html").read_text(encoding="utf-8")
    return HTMLResponse(page, headers={"content-security-policy": POLICY, "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"})


@router.get("/.well-known/gpc.json")
async def get_gpc() -> dict[str, Any]:
    """Global Privacy Control is respected (https://w3c.github.io/gpc/)."""
    return {"gpc": True, "lastUpdate": "2026-11-23"}


async def _described(here: GatewayService, name: str) -> dict[str, Any] | None:
    try:
        if name not in here.peers:
            return None
        answer = await here.peers[name].call("GET", "/openapi.json", timeout=5)
        return dict(answer.json()) if answer.status == 200 else None
    except (Unavailable, ValueError, TypeError) as error:
        _log.warning("not_described", service=name, error=error)
        return None
