"""Identity providers: what they say of themselves (discovery) and their keys (JWKS), fetched and remembered."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis import calling_out, telemetry
from chassis.calling_out import Outside
from chassis.clock import Clock

FRESH: Final = 600.0
#: How often an unknown key id may make us ask again.
ASK_AGAIN: Final = 30.0
MOST_BYTES: Final = 256 * 1024

_log = telemetry.logger(__name__)


class Endpoints(NamedTuple):
    """Where people sign in, and where what they come back with is exchanged."""

    authorization: str
    token: str


class Issuer:
    """The keys of one issuer, by discovery. Old keys stay good while it does not answer."""

    def __init__(self, issuer: str, outside: Outside, clock: Clock) -> None:
        self.issuer = issuer
        self._outside = outside
        self._clock = clock
        self._keys: KeySet | None = None
        self._endpoints: Endpoints | None = None
        self._names: set[str] = set()
        self._asked = -ASK_AGAIN
        self._lock = asyncio.Lock()

    async def keys(self, kid: str) -> KeySet | None:
        """The keys, asked for anew when they are old or this one is not among them; None when they could never be had."""
        async with self._lock:
            age = self._clock.monotonic() - self._asked
            if age >= ASK_AGAIN and (self._keys is None or age > FRESH or kid not in self._names):
                await self._ask()
            return self._keys

    async def endpoints(self) -> Endpoints | None:
        """As the issuer says; None while it could never be asked, or where it has none."""
        async with self._lock:
            age = self._clock.monotonic() - self._asked
            if age >= ASK_AGAIN and (self._endpoints is None or age > FRESH):
                await self._ask()
            return self._endpoints

    async def exchanged(self, where: Endpoints, form: dict[str, str], *, secret: str) -> str | None:
        """The ID token for a code; None when the issuer gives none."""
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        if secret:
            shown = f"{quote(form['client_id'], safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = "Basic " + base64.b64encode(shown.encode()).decode()
        try:
            reply = await self._outside.request("POST", where.token, body=urlencode(form).encode(), headers=headers, timeout=10, most=MOST_BYTES)
            found = json.loads(reply.body)["id_token"] if reply.status == 200 else None
        except (calling_out.NotAllowed, calling_out.NoAnswer, ValueError, KeyError, TypeError) as error:
            _log.warning("code_not_exchanged", error=error)
            return None
        return found if isinstance(found, str) else None

    async def _ask(self) -> None:
        self._asked = self._clock.monotonic()
        try:
            about = await self._json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            where = str(about["jwks_uri"])
            if about["issuer"] != self.issuer or urlsplit(where).scheme != urlsplit(self.issuer).scheme:
                raise ValueError("the issuer names itself otherwise")
            self._endpoints = self._named(about)
            found = await self._json(where)
            public = [key for key in found["keys"] if key.get("use", "sig") == "sig" and key.get("kty") in {"RSA", "EC", "OKP"}]
            self._keys = KeySet.import_key_set({"keys": public})
            self._names = {str(key.get("kid")) for key in public}
        except (calling_out.NotAllowed, calling_out.NoAnswer, ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
            _log.warning("issuer_keys_not_had", error=error)

    def _named(self, about: dict[str, Any]) -> Endpoints | None:
        found = [str(about.get(name, "")) for name in ("authorization_endpoint", "token_endpoint")]
        return Endpoints(*found) if all(urlsplit(one).scheme == urlsplit(self.issuer).scheme for one in found) else None

    async def _json(self, url: str) -> Any:
        reply = await self._outside.request("GET", url, headers={"accept": "application/json"}, timeout=5, most=MOST_BYTES)
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        return json.loads(reply.body)
