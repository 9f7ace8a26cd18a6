"""Knobs of the gateway, `ECRM_GATEWAY_…`, and what it holds while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

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
    oidc_issuer: str = Field("", description="Identity provider of your people (OpenID Connect), as it names itself, for example https://login.example/realms/shop.")
    oidc_audience: str = Field("peyvand", description="What tokens must be meant for.")
    oidc_roles_claim: str = Field("roles", description="Claim with the roles, with dots for claims within claims, for example realm_access.roles.")
    oidc_role_names: str = Field("", description="What the provider calls our roles: `crm-admins=administrator,support=agent`.")
    oidc_token_minutes: int = Field(10, ge=1, le=1440, description="How long a token of the provider may live; it cannot be taken back.")
    oidc_client_id: str = Field("", description="The console's name at the identity provider; with it people sign in there in the browser. Its redirect address is /oidc/callback under the public URL.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The console's secret there, if the provider gave it one.")
    oidc_scopes: str = Field("openid profile", description="What the console asks the provider for; the ID token must have the claim of roles.", pattern=r"(^| )openid( |$)")
    oidc_name: str = Field("", description="What people call the provider (Sign in with …); none: its host.")
    oidc_session_minutes: int = Field(60, ge=5, le=1440, description="How long a browser stays signed in by the identity provider, with the roles it told then.")
    people_token_minutes: int = Field(480, ge=1, le=1440, description="How long somebody stays signed in at the built-in issuer; removal ends it at once.")
    session_minutes: int = Field(480, ge=5, le=1440, description="How long a browser stays signed in at the console; removal ends it within seconds.")
    people_key: int = Field(1, ge=1, description="Number of the built-in issuer's signing key; one more changes it, the one before stays good.")
    trusted_proxies: str = Field("", description="Addresses whose X-Forwarded-For is believed, separated by commas.")


    @property
    def role_names(self) -> dict[str, str]:
        """`oidc_role_names` as a table."""
        return {theirs.strip(): ours.strip() for theirs, _, ours in (part.partition("=") for part in self.oidc_role_names.split(",")) if ours}

    @property
    def oidc_shown(self) -> str:
        """The provider's name on the page where people sign in; empty where they cannot."""
        return (self.oidc_name or urlsplit(self.oidc_issuer).hostname or "") if self.oidc_issuer and self.oidc_client_id else ""

    @property
    def webhook_schedule(self) -> list[float]:
        """`webhook_retries` as numbers."""
        return [float(part) for part in self.webhook_retries.split(",")]


@dataclass
class GatewayResources:
    """What a running gateway holds. `used`: keys that were shown since this was last written, and when (seconds since the epoch). `openapi`: the merged description and until when it is good (monotonic seconds)."""

    keys: KeyTable
    courier: Any
    directory: Any
    trail: Any
    usage: Any
    used: dict[str, float] = field(default_factory=dict)
    openapi: tuple[float, dict[str, Any]] | None = field(default=None)


GatewayService: TypeAlias = Service[GatewaySettings, GatewayResources]
