"""An identity provider on the loopback."""

from __future__ import annotations

import base64
import hashlib
import secrets
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

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
        self.client, self.secret = "console", "s3cret"
        self.codes: dict[str, dict[str, str]] = {}
        self.said: dict[str, Any] = {}  # what the next ID tokens say otherwise
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

    def code(self, question: Mapping[str, str]) -> str:
        """Somebody signed in here and is sent back with this."""
        assert (question["response_type"], question["client_id"], question["code_challenge_method"]) == ("code", self.client, "S256")
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(question)
        return code

    def exchanged(self, form: Mapping[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code: once, to the client it was for, with the verifier that belongs to its challenge."""
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        own = "Basic " + base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"] or authorization != own:
            return None
        said = {"aud": self.client, "nonce": asked["nonce"], "name": "Mina Moradi", **self.said}
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(**said)}


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    made = Provider()

    async def configuration(request: web.Request) -> web.Response:
        return web.json_response({"issuer": made.issuer, "jwks_uri": f"{made.issuer}/keys", "authorization_endpoint": f"{made.issuer}/authorize", "token_endpoint": f"{made.issuer}/token"})

    async def authorize(request: web.Request) -> web.Response:
        back = {"code": made.code(request.query), "state": request.query["state"], "iss": made.issuer}
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(back)}")

    async def token(request: web.Request) -> web.Response:
        tokens = made.exchanged({name: str(value) for name, value in (await request.post()).items()}, request.headers.get("authorization", ""))
        return web.json_response(tokens) if tokens is not None else web.json_response({"error": "invalid_grant"}, status=400)

    async def keys(request: web.Request) -> web.Response:
        made.asked += 1
        return web.json_response({"keys": [{**key.as_dict(private=False), "use": "sig"} for key in made.keys.values()]})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", configuration)
    app.router.add_get("/keys", keys)
    app.router.add_get("/authorize", authorize)
    app.router.add_post("/token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
