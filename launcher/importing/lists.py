"""`ecrm import customers FILE`, and what became of imports: list, show, undo, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from chassis import settings, tabular
from chassis.tabular import BadMapping
from launcher import remote
from launcher.importing import sending
from launcher.importing.sending import EndedBadly

app = typer.Typer()
screen = Console(highlight=False)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, JSON lines (.jsonl) or Parquet (.parquet).")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", exists=True, dir_okay=False, help="TOML or JSON: columns, ignore, delimiter, header, dates.")
]
Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")]
Url = Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")]
Key = Annotated[str, typer.Option("--key", help="API key; default: ECRM_ADMIN_KEY or the data directory's.")]
ImportId = Annotated[UUID, typer.Argument(help="As `ecrm import list` shows it.")]

#: A refused request is wrong use, a platform that does not answer a failure.
WRONG_USE = frozenset({400, 404, 409, 413, 422})


class Place(NamedTuple):
    """Where the platform is, and how it was named on the command line."""

    url: str
    key: str
    options: str

    def command(self, verb: str, import_id: str) -> str:
        """The command line that does this with an import."""
        return f"{settings.variable('ECRM_COMMAND', 'ecrm')} import {verb} {import_id}{self.options}"


def place(data: Path, url: str, key: str) -> Place:
    """Raises SettingsError without a key."""
    options = "" if data == Path("data") else f" --data {data}"
    options += f" --url {url}" if url else ""
    return Place(url or remote.default_url(data), key or remote.default_key(data, "admin_key"), options)


@app.command()
def customers(
    file: File, *, mapping: MappingFile = None,
    name: Annotated[str | None, typer.Option("--name", help="The values it tells have the source import:NAME; default: the file's name.")] = None,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Who the list was bought or taken from.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="On what terms.")] = None,
    consent: Annotated[
        Literal["none", "unknown", "opt_in", "opt_out"], typer.Option("--consent", help="What the supplier says of it; it permits nothing.")
    ] = "unknown",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The platform checks all rows and keeps nothing.")] = False,
    data: Data = Path("data"), url: Url = "", key: Key = "",
) -> None:
    """Customers: columns user_id, email, phone, account_id, ext:SYSTEM, name, given_name, family_name, updated_at; any other is a trait."""
    try:
        declared = sending.declaration(
            file, tabular.load(mapping), name=name, origin={"supplier": supplier, "licence": licence, "consent": consent}, dry_run=dry_run
        )
    except BadMapping as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(2) from None
    here = place(data, url, key)
    sent = sending.Sending(file, declared, screen=screen)

    async def bring() -> tuple[dict[str, Any], Path | None]:
        found = sending.ended(await sent.run(here.url, here.key))
        return found, await sending.fetch_refused(here.url, here.key, found, file)

    try:
        found, refused = _act(bring)
    except KeyboardInterrupt:
        _left(here, sent.started)
        raise typer.Exit(130) from None
    _show(found)
    if refused:
        screen.print(f"[yellow]{found['refused']:,} rows were refused: see {refused}[/yellow]", soft_wrap=True)
    if not dry_run:
        screen.print(f"Running the same command again adds nothing. To take it back: {here.command('undo', found['id'])}", soft_wrap=True)
    raise typer.Exit(3 if refused else 0)


@app.command("list")
def list_(
    *, limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 20, data: Data = Path("data"), url: Url = "", key: Key = ""
) -> None:
    """Imports of customers, the newest first."""
    table = Table("id", "name", "state", "begun", "created", "updated", "unchanged", "refused")
    for found in _ask(place(data, url, key), "GET", f"/api/v1/imports?limit={limit}")["data"]:
        counts = (f"{found[name]:,}" for name in ("created", "updated", "unchanged", "refused"))
        table.add_row(found["id"], found["name"], _state(found), found["created_at"][:16].replace("T", " "), *counts)
    screen.print(table)


@app.command()
def show(
    import_id: ImportId, *, follow: Annotated[bool, typer.Option("--follow", help="Until its end.")] = False,
    data: Data = Path("data"), url: Url = "", key: Key = "",
) -> None:
    """How far an import is."""
    here = place(data, url, key)
    found = _followed(here, import_id) if follow else _ask(here, "GET", f"/api/v1/imports/{import_id}")
    _show(found)
    if found["error"]:
        screen.print(f"[red]{found['error']}[/red]", soft_wrap=True)


@app.command()
def undo(import_id: ImportId, *, data: Data = Path("data"), url: Url = "", key: Key = "") -> None:
    """Take back what an import told, linked, merged and made; what came from elsewhere stays."""
    here = place(data, url, key)
    _ask(here, "POST", f"/api/v1/imports/{import_id}/undo")
    _show(_followed(here, import_id))


@app.command()
def cancel(import_id: ImportId, *, data: Data = Path("data"), url: Url = "", key: Key = "") -> None:
    """Stop an import; what it brought so far stays, and can be undone."""
    _show(_ask(place(data, url, key), "POST", f"/api/v1/imports/{import_id}/cancel"))


def _ask(here: Place, method: str, path: str) -> Any:
    async def ask() -> Any:
        async with remote.Api(here.url, here.key) as api:
            return await api.ask(method, path)

    return _act(ask)


def _followed(here: Place, import_id: UUID) -> dict[str, Any]:
    try:
        return dict(_act(lambda: sending.follow(here.url, here.key, str(import_id), screen=screen)))
    except KeyboardInterrupt:
        _left(here, str(import_id))
        raise typer.Exit(130) from None


def _act(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run it; what goes wrong is said, with the exit code it has."""

    async def run() -> Any:
        return await work()

    try:
        return asyncio.run(run())
    except (remote.RemoteError, EndedBadly, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(2 if getattr(error, "status", 0) in WRONG_USE else 1) from None


def _left(here: Place, import_id: str | None) -> None:
    if import_id is None:
        screen.print("Stopped before all of the file was sent: nothing was imported.")
        return
    screen.print("The import goes on without this command.", soft_wrap=True)
    screen.print(f"  to see how far it is  {here.command('show --follow', import_id)}", soft_wrap=True)
    screen.print(f"  to stop it            {here.command('cancel', import_id)}", soft_wrap=True)


def _state(found: dict[str, Any]) -> str:
    return f"{found['state']} (dry run)" if found["dry_run"] else str(found["state"])


def _show(found: dict[str, Any]) -> None:
    table = Table(title=f"{found['name']}: {_state(found)}", show_header=False)
    table.add_row("id", found["id"])
    if found["dry_run"]:
        table.add_row("kept", "nothing")
    table.add_row("rows", f"{found['done']:,}" if found["total"] in (None, found["done"]) else f"{found['done']:,} of {found['total']:,}")
    for name in ("created", "updated", "unchanged"):
        table.add_row(name, f"{found[name]:,}")
    if found["refused"]:
        table.add_row("[red]refused", f"{found['refused']:,}")
    if found["undone"] or found["state"] == "undone":
        table.add_row("taken back", f"{found['undone']:,} customers")
    screen.print(table)
