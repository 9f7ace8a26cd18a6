"""`ecrm dlq`: records that could not be applied: look at them, replay or discard them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from launcher import remote, roster

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)

Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA")]
Url = Annotated[str, typer.Option("--url", envvar="ECRM_URL")]
Which = Annotated[str, typer.Argument(help="SERVICE/ID as shown by `ecrm dlq list`, or `all`")]


@app.command("list")
def list_(data: Data = Path("data"), url: Url = "", state: Annotated[str, typer.Option(help="open, replayed or discarded")] = "open") -> None:
    """List dead letters of all services."""
    found = _run(_listed(data, url, state))
    table = Table("service/id", "reader", "topic/partition@offset", "cause", "parked")
    for service, letter in found:
        place = f"{letter['topic']}/{letter['partition']}@{letter['offset']}"
        table.add_row(f"{service}/{letter['id']}", letter["reader"], place, letter["cause"], str(letter["parked"]))
    screen.print(table if found else f"No {state} dead letters.")


@app.command()
def show(
    which: Which, data: Data = Path("data"), url: Url = "",
    content: Annotated[bool, typer.Option("--content", help="What is in it, too; that you looked is noted.")] = False,
) -> None:
    """One dead letter: where it comes from, why it could not be applied, and what was done with it."""
    service, _, letter = which.partition("/")
    query = "?content=true" if content else ""
    screen.print_json(data=_run(_ask(data, url, "GET", f"/api/v1/dead-letters/{service}/{letter}{query}")))


@app.command()
def correct(
    which: Which, file: Annotated[Path, typer.Argument(help="What to apply in place of what came, as it is.")], data: Data = Path("data"), url: Url = ""
) -> None:
    """Put other content in place of what came; replay it afterwards."""
    service, _, letter = which.partition("/")
    body = {"text": file.read_text(encoding="utf-8")}
    screen.print_json(data=_run(_ask(data, url, "PUT", f"/api/v1/dead-letters/{service}/{letter}/payload", body)))


@app.command()
def replay(
    which: Which, data: Data = Path("data"), url: Url = "", dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    rate: Annotated[float, typer.Option(help="At most so many a second.")] = 50.0,
) -> None:
    """Apply again, together with the records that waited behind it."""
    _each(which, data, url, "replay", dry_run=dry_run, rate=rate)


@app.command()
def discard(which: Which, data: Data = Path("data"), url: Url = "", dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> None:
    """Give up on it; it stays listed as discarded."""
    _each(which, data, url, "discard", dry_run=dry_run, rate=50.0)


def _each(which: str, data: Path, url: str, action: str, *, dry_run: bool, rate: float) -> None:
    chosen = [(service, letter["id"]) for service, letter in _run(_listed(data, url, "open"))] if which == "all" else [tuple(which.split("/", 1))]
    failed = 0
    for service, letter in chosen:
        if dry_run:
            screen.print(f"would {action} {service}/{letter}")
            continue
        try:
            _run(_ask(data, url, "POST", f"/api/v1/dead-letters/{service}/{letter}/{action}"))
            screen.print(f"{service}/{letter}: {action} done")
        except remote.RemoteError as error:
            failed += 1
            screen.print(f"[red]{service}/{letter}: {error}[/red]")
        asyncio.run(asyncio.sleep(1 / rate))
    raise typer.Exit(1 if failed else 0)


async def _listed(data: Path, url: str, state: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for service in roster.ALL:
        page = await _ask(data, url, "GET", f"/api/v1/dead-letters/{service}?state={state}")
        found.extend((service, letter) for letter in page["data"])
    return found


async def _ask(data: Path, url: str, method: str, path: str, body: Any = None) -> Any:
    async with remote.Api(url or remote.default_url(data), remote.default_key(data, "admin_key")) as api:
        return await api.ask(method, path, body)


def _run(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except remote.RemoteError as error:
        screen.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
