"""Knobs of the gateway, `ECRM_GATEWAY_…`, and what it holds while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import Field

from chassis.keys import KeyTable
from chassis.service import Service
from chassis.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Beside the knobs that every service has."""

    api_requests_per_minute: int = Field(6000, ge=1, description="Requests an API key may make in a minute.")
    source_requests_per_second: int = Field(0, ge=0, description="Requests a source may make in a second, if its own settings do not say; 0: no limit.")
    in_flight_requests: int = Field(256, ge=8, description="Requests worked on at once; the last tenth is kept for withdrawals and unsubscribing.")
    in_flight_mib: int = Field(64, ge=8, description="Megabytes (2^20) of bodies held at once; the last tenth is kept for withdrawals.")
    api_body_mib: int = Field(16, ge=1, le=1024, description="Largest body under /api/v1, in megabytes (2^20).")
    cors_origins: str = Field("", description="Origins that may call /api/v1 from a browser, separated by commas.")
    webhook_retries: str = Field(
        "5,300,1800,7200,18000,36000,50400,72000,86400",
        description="Seconds to wait after each failed delivery of a webhook before it is tried again; as many tries as numbers, and the first.",
        pattern=r"^[0-9.]+(,[0-9.]+)*$",
    )
    trusted_proxies: str = Field("", description="Addresses whose X-Forwarded-For is believed, separated by commas.")


    @property
    def webhook_schedule(self) -> list[float]:
        """`webhook_retries` as numbers."""
        return [float(part) for part in self.webhook_retries.split(",")]


@dataclass
class GatewayResources:
    """What a running gateway holds. `openapi`: the merged description and until when it is good (monotonic seconds)."""

    keys: KeyTable
    courier: Any
    openapi: tuple[float, dict[str, Any]] | None = field(default=None)


GatewayService: TypeAlias = Service[GatewaySettings, GatewayResources]
