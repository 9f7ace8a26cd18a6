"""Signing in at the identity provider: the browser goes there and comes back with a code, which only the gateway exchanges (OpenID Connect, code with PKCE).

The browser never sees a token. What was begun is sealed in a cookie of ten minutes that only the way back gets; the session is the one of `sessions`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response

from chassis import sealing, telemetry, web
from gateway.api import sessions
from gateway.outbound.directory import NotProven
from gateway.settings import GatewayService

router = APIRouter(prefix="/oidc", tags=["people"])

Here = Annotated[GatewayService, Depends(web.service)]
Told = Annotated[str, Query(max_length=4096)]

PURPOSE: Final = "console-sign-in"
SECONDS: Final = 600

_log = telemetry.logger(__name__)


class Begun(NamedTuple):
    """What must come back: kept where only this browser has it."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    expires: int


class _Refused(Exception):
    """Nobody was signed in; the page says why by this word."""


@router.get("/sign-in", status_code=303, include_in_schema=False)
async def begin(here: Here, return_to: Told = "/") -> Response:
    """Send the browser to the provider."""
    where = await here.resources.directory.provider_endpoints() if here.settings.oidc_shown else None
    if where is None:
        return _to(here, "/?sign-in=unavailable")
    begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), own_path(return_to), int(here.clock.timestamp()) + SECONDS)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
    question = urlencode({
        "response_type": "code", "client_id": here.settings.oidc_client_id, "redirect_uri": _redirect_uri(here), "scope": here.settings.oidc_scopes,
        "state": begun.state, "nonce": begun.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    })
    response = _to(here, f"{where.authorization}{'&' if '?' in where.authorization else '?'}{question}")
    sealed = base64.urlsafe_b64encode(sealing.seal(here.link_secret, msgspec.json.encode(begun), purpose=PURPOSE)).decode().rstrip("=")
    _keep(here, response, sealed, SECONDS)
    return response


@router.get("/callback", status_code=303, include_in_schema=False)
async def come_back(
    here: Here, state: Told = "", code: Told = "", error: Told = "", iss: Told = "", x_ecrm_begun: Annotated[str, Header(include_in_schema=False)] = ""
) -> Response:
    """The way back from the provider: a session, or the page that says why not. What was begun is over either way."""
    try:
        begun = _begun(here, x_ecrm_begun)
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise _Refused("state")
        if iss and iss != here.settings.oidc_issuer:
            raise _Refused("state")
        if error or not code:
            raise _Refused("denied" if error == "access_denied" else "refused")
        person = await _proven(here, code, begun)
    except _Refused as reason:
        _log.info("sign_in_refused", reason=str(reason))
        response = _to(here, f"/?sign-in={reason}")
        _keep(here, response, "", 0)
    else:
        seconds = here.settings.oidc_session_minutes * 60
        token = here.resources.directory.visitor_token(person, seconds=seconds)
        response = _to(here, begun.return_to)
        _keep(here, response, "", 0)
        sessions.keep(here, response, sessions.Kept(token, int(here.clock.timestamp()) + seconds, person.name), seconds)
    return response


def own_path(text: str) -> str:
    """Where somebody wanted to go, if that is one of our pages; else the first one."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and " " not in text
    return text if plain and text.startswith("/") and not text.startswith(("//", "/oidc", "/api")) else "/"


async def _proven(here: GatewayService, code: str, begun: Begun) -> Any:
    """Whom the provider names for this code. Raises _Refused."""
    where = await here.resources.directory.provider_endpoints()
    if where is None:
        raise _Refused("unavailable")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _redirect_uri(here), "client_id": here.settings.oidc_client_id, "code_verifier": begun.verifier}
    token = await here.resources.directory.exchanged(where, form, secret=here.settings.oidc_client_secret.get_secret_value())
    if token is None:
        raise _Refused("refused")
    try:
        person = await here.resources.directory.visitor(token, client=here.settings.oidc_client_id, nonce=begun.nonce)
    except NotProven as reason:
        _log.info("id_token_refused", reason=str(reason))
        raise _Refused("refused") from None
    if not here.resources.directory.opens(person.roles):
        raise _Refused("roles")
    return person


def _redirect_uri(here: GatewayService) -> str:
    return here.platform.public_url.rstrip("/") + sessions.BACK


def _begun(here: GatewayService, value: str) -> Begun | None:
    try:
        content = sealing.unseal(here.link_secret, base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), purpose=PURPOSE)
    except (ValueError, binascii.Error):
        return None
    begun = msgspec.json.decode(content, type=Begun)
    return begun if here.clock.timestamp() < begun.expires else None


def _to(here: GatewayService, address: str) -> Response:
    own = here.platform.public_url.rstrip("/") + address if address.startswith("/") else address
    return Response(status_code=303, headers={"location": own, "cache-control": "no-store", "referrer-policy": "no-referrer"})


def _keep(service: GatewayService, response: Response, value: str, seconds: int) -> None:
    name = sessions.begun_name(service)
    response.set_cookie(name, value, max_age=seconds, path="/oidc", secure=name.startswith("__Secure-"), httponly=True, samesite="lax")
