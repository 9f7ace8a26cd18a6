"""An identity provider on the loopback."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from chassis.clock import Clock


class Provider:
    """Issues what it is told to; `asked` counts how often its keys were."""

    def __init__(self) -> None:
        self.issuer = ""
        self.asked = 0
        self.keys: dict[str, Key] = {
            "rsa": RSAKey.generate_key(2048, parameters={"kid": "rsa"}), "ec": ECKey.generate_key("P-256", parameters={"kid": "ec"}),
            "ed": OKPKey.generate_key("Ed25519", parameters={"kid": "ed"}),
        }
        self.algorithms = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}

    def claims(self, **given: Any) -> dict[str, Any]:
        now = int(Clock().timestamp())
        claims = {"iss": self.issuer, "sub": "u-1", "aud": "peyvand", "iat": now, "exp": now + 300, "realm_access": {"roles": ["support"]}}
        return {name: value for name, value in {**claims, **given}.items() if value is not None}

    def token(self, kid: str = "rsa", *, header: dict[str, Any] | None = None, key: Key | None = None, **given: Any) -> str:
        made = {"alg": self.algorithms[kid], "kid": kid, "typ": "JWT", **(header or {})}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(made, self.claims(**given), key or self.keys[kid], algorithms=["RS256", "ES256", "EdDSA", "HS256", "RS512", "PS256", "ES384"])


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    made = Provider()

    async def configuration(request: web.Request) -> web.Response:
        return web.json_response({"issuer": made.issuer, "jwks_uri": f"{made.issuer}/keys"})

    async def keys(request: web.Request) -> web.Response:
        made.asked += 1
        return web.json_response({"keys": [{**key.as_dict(private=False), "use": "sig"} for key in made.keys.values()]})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", configuration)
    app.router.add_get("/keys", keys)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
