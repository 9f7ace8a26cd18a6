"""Sessions of the console: what was shown when signing in, sealed in a cookie that only our own pages can use."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Depends, Header, Response

from chassis import sealing, web
from chassis.identity import Caller
from chassis.ids import new_text_id
from gateway import commands, errors
from gateway.api.asking import Asked
from gateway.api.tokens import caller_of
from gateway.domain import keys
from gateway.outbound.directory import NotProven, looks_like_token
from gateway.schemas import sessions as schemas
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["people"])

Here = Annotated[GatewayService, Depends(web.service)]

PATH: Final = "/api/v1/session"
#: A page of another origin cannot send it without asking first (CORS), and is told no.
HEADER: Final = b"x-ecrm-console"
#: What the door tells the router; from outside they never come in.
SHOWN: Final = b"x-ecrm-shown"
#: What somebody who comes back from the identity provider had begun, and where he comes back to.
BEGUN: Final = b"x-ecrm-begun"
BACK: Final = "/oidc/callback"
KEPT: Final = b"x-ecrm-session"
SAFE: Final = frozenset({"GET", "HEAD"})
PURPOSE: Final = "console-session"


class Kept(NamedTuple):
    """What is in the cookie: a key or token, until when it counts (seconds since the epoch), whose it is where only the provider knows, and its
    number, by which it can be ended.
    """

    shown: str
    expires: int
    name: str = ""
    id: str = ""


class Sessions:
    """The door's part: reads cookies, and only where our own page sends them."""

    def __init__(self, service: GatewayService) -> None:
        self._service = service
        self._name = cookie_name(service).encode()
        self._begun = begun_name(service).encode()
        self._own = service.platform.public_url.rstrip("/")

    def ours(self, asked: Asked) -> bool:
        """Whether a page of this origin asks: our header is there, and for what changes something the origin too."""
        headers = asked.headers
        if headers.get(HEADER) != b"1" or headers.get(b"sec-fetch-site", b"same-origin") != b"same-origin":
            return False
        if asked.origin:
            return asked.origin == self._own or urlsplit(asked.origin).netloc.encode() == headers.get(b"host", b"")
        return asked.scope["method"] in SAFE

    def shown(self, asked: Asked) -> str:
        """The key or token of the session, or nothing."""
        found = self.kept(asked)
        return found.shown if found is not None else ""

    def kept(self, asked: Asked) -> Kept | None:
        """The session that comes with this request, if it may."""
        value = self._cookie(asked, self._name)
        return _opened(self._service, value) if value and self.ours(asked) else None

    def _cookie(self, asked: Asked, wanted: bytes) -> bytes:
        for part in asked.headers.get(b"cookie", b"").split(b";"):
            name, _, value = part.strip().partition(b"=")
            if name == wanted:
                return value
        return b""

    def told(self, asked: Asked) -> list[tuple[bytes, bytes]]:
        """What the routers of sessions must know of a request."""
        if asked.path == BACK:
            begun = self._cookie(asked, self._begun)
            return [(BEGUN, begun)] if begun else []
        if asked.path != PATH:
            return []
        found = self.kept(asked)
        headers = [(KEPT, msgspec.json.encode(found))] if found is not None else []
        scheme, _, text = asked.headers.get(b"authorization", b"").partition(b" ")
        return [*headers, (SHOWN, text.strip())] if scheme.lower() == b"bearer" else headers


@router.post("/session")
async def open_session(
    here: Here, response: Response, body: schemas.SignIn | None = None, x_ecrm_shown: Annotated[str, Header(include_in_schema=False)] = "",
) -> schemas.SessionView:
    """Sign in for a browser: with name and password in the body, or with `Authorization: Bearer KEY` (or a token) and no body.

    Answers with a cookie that scripts cannot read. The header `X-Ecrm-Console: 1` and this origin are needed.
    """
    seconds = here.settings.session_minutes * 60
    if body is not None:
        person = await commands.sign_in(here, name=body.name, password=body.password)
        shown = here.resources.directory.token(person, seconds=min(seconds, here.settings.people_token_minutes * 60))
        seconds = min(seconds, here.settings.people_token_minutes * 60)
    elif x_ecrm_shown:
        shown = x_ecrm_shown
    else:
        raise errors.NothingShown
    kept = Kept(shown, int(here.clock.timestamp()) + seconds)
    keep(here, response, kept, seconds)
    return await _view(here, kept)


@router.get("/session")
async def get_session(here: Here, response: Response, x_ecrm_session: Annotated[str, Header(include_in_schema=False)] = "") -> schemas.SessionView:
    """Who is signed in here, with rights as they are now; answers 200 also when nobody is."""
    response.headers["cache-control"] = "no-store"
    return await _view(here, msgspec.json.decode(x_ecrm_session, type=Kept) if x_ecrm_session else None)


@router.delete("/session", status_code=204)
async def end_session(here: Here, response: Response, x_ecrm_session: Annotated[str, Header(include_in_schema=False)] = "") -> None:
    """Sign out: the cookie is taken away, and opens nothing any more where a copy of it is left."""
    if x_ecrm_session and (kept := msgspec.json.decode(x_ecrm_session, type=Kept)).id:
        await commands.end_session(here, session_id=kept.id, until=datetime.fromtimestamp(kept.expires, UTC))
    _cookie(here, response, "", 0)


def cookie_name(service: GatewayService) -> str:
    """Behind HTTPS with the prefix that binds a cookie to this host; two platforms on one machine differ by their port."""
    address = urlsplit(service.platform.public_url)
    return "__Host-ecrm" if address.scheme == "https" else f"ecrm-{address.port or 80}"


def begun_name(service: GatewayService) -> str:
    """The cookie of who is at the identity provider at the moment: beside the session's, since that one does not come along from another site."""
    return f"{cookie_name(service)}-begun".replace("__Host-", "__Secure-")


def keep(service: GatewayService, response: Response, kept: Kept, seconds: int) -> None:
    """Somebody is signed in from now on."""
    _cookie(service, response, _sealed(service, kept._replace(id=new_text_id())), seconds)


def _cookie(service: GatewayService, response: Response, value: str, seconds: int) -> None:
    secure = cookie_name(service).startswith("__Host-")
    response.headers["cache-control"] = "no-store"
    response.set_cookie(cookie_name(service), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def _sealed(service: GatewayService, kept: Kept) -> str:
    return base64.urlsafe_b64encode(sealing.seal(service.link_secret, msgspec.json.encode(kept), purpose=PURPOSE)).decode().rstrip("=")


def _opened(service: GatewayService, value: bytes) -> Kept | None:
    """What a cookie says, or None: made by somebody else, changed, over or ended."""
    try:
        content = sealing.unseal(service.link_secret, base64.urlsafe_b64decode(value + b"=" * (-len(value) % 4)), purpose=PURPOSE)
    except (ValueError, binascii.Error):
        return None
    kept = msgspec.json.decode(content, type=Kept)
    return kept if service.clock.timestamp() < kept.expires and kept.id not in service.resources.directory.ended else None


async def _view(service: GatewayService, kept: Kept | None) -> schemas.SessionView:
    found = await _caller(service, kept.shown) if kept is not None else None
    if kept is None or found is None:
        return schemas.SessionView(signed_in=False, provider=service.settings.oidc_shown)
    caller, name = found
    return schemas.SessionView(
        signed_in=True, subject=caller.subject, kind=caller.kind, name=kept.name or name, provider=service.settings.oidc_shown, scopes=sorted(caller.scopes), hides=sorted(caller.hides),
        expires_at=datetime.fromtimestamp(kept.expires, UTC),
    )


async def _caller(service: GatewayService, shown: str) -> tuple[Caller, str] | None:
    directory: Any = service.resources.directory
    if looks_like_token(shown):
        try:
            caller: Caller = await directory.caller(shown)
        except NotProven:
            return None
        return caller, directory.name_of(caller.subject)
    state = service.resources.keys.find(shown)
    return (caller_of(state), state.name) if state is not None and state.kind == keys.API else None
