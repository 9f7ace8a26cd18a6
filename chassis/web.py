"""The FastAPI app of a service: health, request ids, refusals as problem+json, plain ASGI endpoints in front."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar

import asyncpg
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from chassis import rendering, telemetry
from chassis.database import INFRASTRUCTURE, patience
from chassis.errors import Forbidden, Invalid, Refusal, Unavailable
from chassis.identity import ANONYMOUS, Caller, Unauthenticated
from chassis.ids import new_text_id
from chassis.manifest import Manifest
from chassis.peers import App, Receive, Scope, Send
from chassis.service import Service

T = TypeVar("T")

STATUS: Final = {
    "invalid": 422, "unauthenticated": 401, "forbidden": 403, "unknown": 404, "conflict": 409, "outdated": 412, "gone": 410,
    "unavailable": 503,
}
#: Milliseconds that the gateway lets a request wait for the database; what comes without (withdrawals, neighbours) waits as long as it takes.
MAY_WAIT: Final = b"x-ecrm-may-wait"
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})

_log = telemetry.logger(__name__)


class Page(BaseModel, Generic[T]):
    """The shape of every list."""

    data: list[T]
    next_page_token: str | None = None


def page_token(*values: Any) -> str:
    """An opaque token for the next page."""
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def read_page_token(token: str, length: int) -> list[Any]:
    """The values of a page token. Raises Invalid."""
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")
    return values


def service(request: Request) -> Service[Any, Any]:
    """Dependency: the running service."""
    found: Service[Any, Any] = request.app.state.service
    return found


def caller(request: Request) -> Caller:
    """Dependency: the verified asker; what he does not see is hidden in the answer. Raises Unauthenticated, Forbidden."""
    running: Service[Any, Any] = request.app.state.service
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(detail="no token")
    verified = running.tokens.verify(token.strip(), running.name)
    if verified.hides:
        rendering.hide(request, verified.hides)
    return verified


def allow(*scopes: str) -> Any:
    """Dependency: the caller, who must have one of the scopes."""

    def check(asking: Annotated[Caller, Depends(caller)]) -> Caller:
        if not asking.may(*scopes):
            raise Forbidden("auth.scope_missing", f"This needs a key with the scope {' or '.join(scopes)}.")
        return asking

    return Depends(check)


def problem(status: int, code: str, message: str, request_id: str, **extra: Any) -> JSONResponse:
    """A problem document (RFC 9457)."""
    headers = {"retry-after": str(extra.pop("retry_after"))} if "retry_after" in extra else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    body = {
        "type": f"urn:ecrm:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": message,
        "request_id": request_id, **extra,
    }
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def refused(refusal: Refusal, request_id: str) -> JSONResponse:
    """The problem document of a refusal."""
    extra = dict(refusal.extra)
    if isinstance(refusal, Unavailable):
        extra["retry_after"] = refusal.retry_after
    return problem(STATUS[refusal.kind], refusal.code, refusal.message, request_id, **extra)


def build(manifest: Manifest, running: Service[Any, Any], *, ready: Callable[[], Any], runtime: Any) -> App:
    """The app of one service. `ready` is awaited: a list of what is missing, empty when the service can do its job."""
    from chassis import admin, disclosing  # they use this module

    app = FastAPI(title=f"Peyvand {manifest.name}", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = running
    app.state.running = runtime
    for router in (*manifest.routers, admin.router, disclosing.router):
        app.router.routes.extend(router.routes)  # as they are: including a router builds every route of it anew for each app
    _health(app, ready)
    _handlers(app)
    mounts = [(path, app_of_mount) for mount in manifest.mounts for app_of_mount in (mount.app(running),) for path in mount.paths]
    return _Door(manifest.name, app, mounts)


def _health(app: FastAPI, ready: Callable[[], Any]) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def is_ready() -> JSONResponse:
        missing = await ready()
        return JSONResponse({"status": "not ready" if missing else "ready", "missing": missing}, 503 if missing else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return PlainTextResponse(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _handlers(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def on_refusal(request: Request, error: Refusal) -> JSONResponse:
        if error.detail:
            _log.info("refused", code=error.code, reason=error.detail)
        return refused(error, telemetry.correlation.get())

    @app.exception_handler(RequestValidationError)
    async def on_bad_form(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"pointer": "/" + "/".join(str(part) for part in fault["loc"]), "detail": fault["msg"]} for fault in error.errors()[:50]
        ]
        return problem(422, "request.invalid", "The request does not have the form that is asked for.", telemetry.correlation.get(), errors=faults)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "route.unknown", 405: "route.method"}.get(error.status_code, "request.refused")
        message = {404: "There is nothing at this address.", 405: "This address does not take that method."}.get(error.status_code, str(error.detail))
        return problem(error.status_code, code, message, telemetry.correlation.get())

    async def on_away(request: Request, error: Exception) -> JSONResponse:
        _log.warning("request_waits", error=error, method=request.method)
        return refused(Unavailable("service.away", "What keeps the data does not answer at the moment; try again."), telemetry.correlation.get())

    for kind in INFRASTRUCTURE:
        app.exception_handler(kind)(on_away)

    @app.exception_handler(asyncpg.ClientConfigurationError)
    @app.exception_handler(asyncpg.DataError)
    @app.exception_handler(Exception)
    async def on_error(request: Request, error: Exception) -> JSONResponse:
        _log.error("request_failed", error=error, method=request.method)
        return problem(500, "server.error", "Something went wrong on our side; it is logged under the request id.", telemetry.correlation.get())


class _Door:
    """In front of FastAPI: request id, trace, timing, trailing slashes, and the plain ASGI endpoints."""

    def __init__(self, name: str, app: FastAPI, mounts: Sequence[tuple[str, App]]) -> None:
        self._name = name
        self.app = app
        self._exact = {path: mounted for path, mounted in mounts if not path.endswith("*")}
        self._prefixes = [(path[:-1], mounted) for path, mounted in mounts if path.endswith("*")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        mounted = self._mounted(scope["path"])
        if mounted is not None:
            scope["ecrm.rest"] = self._routed  # what an endpoint that takes everything hands on
            await mounted(scope, receive, send)
            return
        await self._routed(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = dict(scope, path=scope["path"].rstrip("/"), raw_path=scope["path"].rstrip("/").encode())
        headers = dict(scope["headers"])
        request_id = headers.get(b"x-request-id", b"").decode("latin-1")[:64] or new_text_id()
        telemetry.correlation.set(request_id)
        telemetry.follow(headers.get(b"traceparent", b"").decode("latin-1"))
        wait = headers.get(MAY_WAIT, b"")
        with patience(int(wait) / 1000 if wait.isdigit() else None):
            await self._timed(scope, receive, send, request_id)

    async def _timed(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        import time

        started, status = time.perf_counter(), 0

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, rendering.Rendering(scope, answer))
        except Exception as error:
            # Starlette raises again after the 500 was sent; it is logged above already.
            if status != 500:
                _log.error("request_broken", error=error)
        finally:
            if scope["path"] not in QUIET:
                route = scope.get("route")
                template = getattr(route, "path", "other")
                telemetry.HTTP_SECONDS.labels(self._name, template, status).observe(time.perf_counter() - started)

    def _mounted(self, path: str) -> App | None:
        found = self._exact.get(path) or self._exact.get(path.rstrip("/"))
        if found is not None:
            return found
        return next((mounted for prefix, mounted in self._prefixes if path.startswith(prefix)), None)


__all__ = ["ANONYMOUS", "Page", "allow", "build", "caller", "page_token", "problem", "read_page_token", "refused", "service"]
