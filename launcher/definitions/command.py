"""`ecrm definitions`: pull, diff, apply."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from launcher import remote
from launcher.asking import Data, Url
from launcher.definitions import folder as files
from launcher.definitions.folder import BadFolder, Definitions
from launcher.definitions.installation import Ambiguous, Installation, Outcome
from launcher.definitions.kinds import KINDS
from launcher.remote import RemoteError

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)

Folder = Annotated[Path, typer.Argument(help="Where the files are; keep it under version control.")]
_COLOURS = {"made": "green", "changed": "yellow", "refused": "red", "same": "dim"}


@app.command()
def pull(
    folder: Folder,
    kind: Annotated[list[str] | None, typer.Option("--kind", help=f"May be repeated: {', '.join(kind.name for kind in KINDS)}.")] = None,
    data: Data = Path("data"), url: Url = "",
) -> None:
    """Write the definitions of a running platform into files: one file each, names instead of ids."""
    unknown = sorted(set(kind or ()) - {known.name for known in KINDS})
    if unknown:
        _end(f"No kind of definition: {', '.join(unknown)}.", code=2)
    try:
        count = files.write(folder, asyncio.run(_read(data, url, frozenset(kind or ()))))
    except (RemoteError, Ambiguous, BadFolder, OSError) as error:
        _end(str(error))
    screen.print(f"{count} definitions in {folder}", soft_wrap=True)


@app.command()
def diff(folder: Folder, data: Data = Path("data"), url: Url = "") -> None:
    """Say what `apply` would do; ends with 3 when it would do something."""
    outcomes = _compared(folder, data, url, write=False)
    _show(outcomes, nothing="The platform is as the files say.")
    raise typer.Exit(3 if any(one.state != "same" for one in outcomes) else 0)


@app.command()
def apply(folder: Folder, data: Data = Path("data"), url: Url = "") -> None:
    """Make and change definitions until the platform is as the files say. Nothing is deleted, nothing published or sent: drafts stay drafts."""
    outcomes = _compared(folder, data, url, write=True)
    _show(outcomes, nothing="Nothing to do: the platform is as the files say.")
    raise typer.Exit(3 if any(one.state == "refused" for one in outcomes) else 0)


async def _read(data: Path, url: str, kinds: frozenset[str]) -> Definitions:
    async with remote.Api(url or remote.default_url(data), remote.default_key(data, "admin_key"), patience=30) as api:
        return (await Installation(api).read(kinds)).definitions


def _compared(folder: Path, data: Path, url: str, *, write: bool) -> list[Outcome]:
    async def act() -> list[Outcome]:
        wanted = files.read(folder)
        async with remote.Api(url or remote.default_url(data), remote.default_key(data, "admin_key"), patience=30) as api:
            there = await Installation(api).read(frozenset(wanted))
            return await there.apply(wanted) if write else there.compare(wanted)

    try:
        return asyncio.run(act())
    except (RemoteError, Ambiguous, BadFolder) as error:
        _end(str(error))


def _show(outcomes: Iterable[Outcome], *, nothing: str) -> None:
    moved = [one for one in outcomes if one.state != "same"]
    if not moved:
        screen.print(nothing)
        return
    table = Table("kind", "name", "", "what")
    for one in moved:
        table.add_row(one.kind, escape(one.name), f"[{_COLOURS[one.state]}]{one.state}[/]", escape(one.words))
    screen.print(table)


def _end(message: str, *, code: int = 1) -> NoReturn:
    screen.print(f"[red]{escape(message)}[/red]", soft_wrap=True)
    raise typer.Exit(code)
