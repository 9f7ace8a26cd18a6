"""`ecrm keys`: create, list and revoke API keys and source keys."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chassis import settings
from chassis.settings import SettingsError
from launcher.asking import Data, Url, ask

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="May be repeated, for example customers:read.")],
    data: Data = Path("data"), url: Url = "",
) -> None:
    """Create an API key; it is shown once."""
    made = ask(data, url, "POST", "/api/v1/keys", {"name": name, "scopes": scope})
    screen.print(f"{made['id']}  {made['key']}", soft_wrap=True)


@app.command("list")
def list_(data: Data = Path("data"), url: Url = "") -> None:
    """List keys; never their secrets."""
    table = Table("id", "name", "kind", "scopes", "state")
    for key in ask(data, url, "GET", "/api/v1/keys")["data"]:
        table.add_row(key["id"], key.get("name", ""), key.get("kind", ""), " ".join(key.get("scopes", [])), "revoked" if key.get("revoked") else "live")
    screen.print(table)


@app.command()
def revoke(key_id: str, data: Data = Path("data"), url: Url = "") -> None:
    """Make a key worthless everywhere within 5 s."""
    ask(data, url, "DELETE", f"/api/v1/keys/{key_id}")
    screen.print(f"{key_id}: revoked")


@app.command()
def first(
    data: Annotated[Path | None, typer.Option("--data", help="Keep them in keys.json of this folder, and take those that are there.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show them.")] = False,
) -> None:
    """Make the first keys: those of ECRM_ADMIN_KEY and ECRM_SOURCE_KEY (or …_FILE) where they are set, else new ones.

    Runs beside the platform, with the gateway's own settings: for its operator, before anybody has a key.
    """
    from chassis.runtime import NotReady

    try:
        made = asyncio.run(make_first(data))
    except (SettingsError, NotReady, OSError) as error:
        screen.print(f"[red]The first keys could not be made: {error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    if not quiet:
        screen.print(f"administrator key  {made['admin_key']}\nsource key         {made['source_key']}", soft_wrap=True)


async def make_first(data: Path | None) -> dict[str, str]:
    """The first keys, made by the gateway's own command on its database and the log."""
    from chassis import runtime
    from gateway import commands
    from launcher import roster, secrets, single, wiring

    path = data / "keys.json" if data else None
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    log = wiring.event_log(single.log_url())
    try:
        await log.start()
        manifest = roster.manifest("gateway")
        service = wiring.service(manifest, platform=secrets.platform_settings(None, "gateway"), log=log, transports={})
        async with runtime.running(manifest, service, read=False):
            made = await commands.ensure_first_keys(
                service,
                admin_key=settings.variable("ECRM_ADMIN_KEY") or known.get("admin_key"),
                source_key=settings.variable("ECRM_SOURCE_KEY") or known.get("source_key"),
            )
    finally:
        await log.close()
    if path:
        secrets.write_private(path, json.dumps({**known, **made, "url": settings.variable("ECRM_PUBLIC_URL")}, indent=2))
    return made
