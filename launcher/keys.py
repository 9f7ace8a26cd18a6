"""`ecrm keys`: create, list and revoke API keys and source keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from launcher import remote

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)

Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA")]
Url = Annotated[str, typer.Option("--url", envvar="ECRM_URL")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="May be repeated, for example customers:read.")],
    data: Data = Path("data"), url: Url = "",
) -> None:
    """Create an API key; it is shown once."""
    made = _ask(data, url, "POST", "/api/v1/keys", {"name": name, "scopes": scope})
    screen.print(f"{made['id']}  {made['key']}", soft_wrap=True)


@app.command("list")
def list_(data: Data = Path("data"), url: Url = "") -> None:
    """List keys; never their secrets."""
    table = Table("id", "name", "kind", "scopes", "state")
    for key in _ask(data, url, "GET", "/api/v1/keys")["data"]:
        table.add_row(key["id"], key.get("name", ""), key.get("kind", ""), " ".join(key.get("scopes", [])), "revoked" if key.get("revoked") else "live")
    screen.print(table)


@app.command()
def revoke(key_id: str, data: Data = Path("data"), url: Url = "") -> None:
    """Make a key worthless everywhere within 5 s."""
    _ask(data, url, "DELETE", f"/api/v1/keys/{key_id}")
    screen.print(f"{key_id}: revoked")


def _ask(data: Path, url: str, method: str, path: str, body: Any = None) -> Any:
    async def act() -> Any:
        async with remote.Api(url or remote.default_url(data), remote.default_key(data, "admin_key")) as api:
            return await api.ask(method, path, body)

    try:
        return asyncio.run(act())
    except remote.RemoteError as error:
        screen.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
