"""Talking to a running platform over HTTP, for the commands that do."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from rich.console import Console
from rich.table import Table

from chassis import settings
from chassis.settings import SettingsError
from launcher import tls

#: Answers that ask to come again.
BUSY: Final = frozenset({429, 502, 503, 504})
SAFE: Final = frozenset({"GET", "PUT"})
BLOCK: Final = 1 << 16
SHORT: Final = aiohttp.ClientTimeout(total=60)
#: A file takes as long as it takes, but may not stand still.
LONG: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


class RemoteError(Exception):
    """The platform refused or does not answer; the message says what to do. `status` is 0 without an answer."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def default_url(data: Path) -> str:
    """Where `ecrm up` with this data directory listens."""
    return str(_keys(data).get("url", "http://127.0.0.1:8080"))


def default_key(data: Path, name: str) -> str:
    """`admin_key` or `source_key`: from the environment, else from the data directory's keys.json."""
    found = settings.variable(f"ECRM_{name.upper()}") or _keys(data).get(name, "")
    if not found:
        raise SettingsError(f"No key: give --key or set ECRM_{name.upper()}, or name the data directory of `ecrm up` with --data.")
    return str(found)


def _keys(data: Path) -> dict[str, Any]:
    path = data / "keys.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


class Api:
    """A small client of the gateway. With `patience` (seconds), what may be asked twice is asked again while the platform is away or busy."""

    def __init__(self, url: str, key: str, *, patience: float = 0.0, waiting: Callable[[str], None] | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}
        self._patience = patience
        self._waiting = waiting
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        self._session = tls.session()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, body: Any = None, *, content: bytes | None = None) -> Any:
        """The JSON answer to a JSON body, or to `content` as it is. Raises RemoteError with the platform's own words."""
        until = time.monotonic() + (self._patience if method in SAFE else 0.0)
        pause = 0.2
        while True:
            try:
                async with self._asked(method, path, json=body, data=None if content is None else io.BytesIO(content)) as answer:
                    text = await answer.text()
                    return json.loads(text) if text else None
            except ValueError:
                return None
            except RemoteError as error:
                if (error.status and error.status not in BUSY) or time.monotonic() > until:
                    raise
                if self._waiting:
                    self._waiting("the platform is busy or away, trying again")
                await asyncio.sleep(pause)
                pause = min(5.0, 2 * pause)

    async def download(self, path: str, target: Path, *, accept: str = "*/*", taken: Callable[[int], None] | None = None) -> None:
        """Stream an answer into a file that is there when all of it is, and not before. Raises RemoteError, OSError."""
        part = target.with_name(target.name + ".part")
        try:
            with part.open("wb") as file:
                async with self._asked("GET", path, accept=accept, timeout=LONG) as answer:
                    async for block in answer.content.iter_chunked(BLOCK):
                        file.write(block)
                        if taken:
                            taken(len(block))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    @asynccontextmanager
    async def _asked(
        self, method: str, path: str, *, json: Any = None, data: io.BytesIO | None = None, accept: str = "application/json",
        timeout: aiohttp.ClientTimeout = SHORT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is no refusal."""
        assert self._session is not None
        try:
            async with self._session.request(
                method, self._url + path, json=json, data=data, headers={**self._headers, "accept": accept}, timeout=timeout
            ) as answer:
                if answer.status >= 400:
                    raise RemoteError(_refusal(method, path, answer.status, await answer.text()), status=answer.status)
                yield answer
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise RemoteError(f"No answer from {self._url} ({type(error).__name__}). Is `ecrm up` running?") from None


def _refusal(method: str, path: str, status: int, text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    said: Mapping[str, Any] = found if isinstance(found, dict) else {}
    faults = "".join(f"\n  {fault['pointer']}: {fault['detail']}" for fault in said.get("errors", []))
    return f"{method} {path}: {status} {said.get('code', '')} {said.get('detail', text[:200])}{faults}"


async def check(url: str, screen: Console) -> int:
    """Readiness of the gateway and, through it, of every part."""
    async with tls.session(timeout=aiohttp.ClientTimeout(total=10)) as session:
        try:
            async with session.get(url + "/readyz") as answer:
                said = await answer.json()
        except (OSError, aiohttp.ClientError, TimeoutError):
            screen.print(f"[red]No answer from {url}.[/red] Is `ecrm up` running?")
            return 1
    table = Table("part", "state")
    for name, missing in sorted((said.get("parts") or {"gateway": said.get("missing", [])}).items()):
        table.add_row(name, "[green]ready[/green]" if not missing else f"[red]{'; '.join(missing)}[/red]")
    screen.print(table)
    return 0 if answer.status == 200 else 1
