"""Talking to a running platform over HTTP, for the commands that do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from chassis import settings
from chassis.settings import SettingsError


class RemoteError(Exception):
    """The platform refused or does not answer; the message says what to do."""


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
    """A small client of the gateway."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer. Raises RemoteError with the platform's own words."""
        assert self._session is not None
        try:
            async with self._session.request(method, self._url + path, json=body, headers=self._headers) as answer:
                text = await answer.text()
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise RemoteError(f"No answer from {self._url} ({type(error).__name__}). Is `ecrm up` running?") from None
        try:
            found = json.loads(text) if text else None
        except ValueError:
            found = None
        if answer.status >= 400:
            said = found or {}
            faults = "".join(f"\n  {fault['pointer']}: {fault['detail']}" for fault in said.get("errors", []))
            raise RemoteError(f"{method} {path}: {answer.status} {said.get('code', '')} {said.get('detail', text[:200])}{faults}")
        return found


async def check(url: str, screen: Console) -> int:
    """Readiness of the gateway and, through it, of every part."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
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
