"""What commands that ask a running platform share: where it is, with whose key, and what is said when it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from launcher import remote

Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA")]
Url = Annotated[str, typer.Option("--url", envvar="ECRM_URL")]

_screen = Console(highlight=False)


def ask(data: Path, url: str, method: str, path: str, body: Any = None) -> Any:
    """The answer, asked with the administrator's key; a refusal is printed and ends the command with 1."""

    async def act() -> Any:
        async with remote.Api(url or remote.default_url(data), remote.default_key(data, "admin_key")) as api:
            return await api.ask(method, path, body)

    try:
        return asyncio.run(act())
    except remote.RemoteError as error:
        _screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
