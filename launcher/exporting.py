"""`ecrm export customers FILE`: asked for, followed, streamed into a file that is whole or not there."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from launcher import remote
from launcher.importing import sending

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)

FORMATS: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}
#: A refused request is wrong use, a platform that does not answer a failure.
WRONG_USE: Final = frozenset({400, 422})


class ExportFailed(Exception):
    """The platform could not write it; the message says why."""


@app.callback()
def export() -> None:
    """Files of what the platform knows."""


@app.command()
def customers(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Ends in .csv, .jsonl or .parquet.")], *,
    type_: Annotated[Literal["person", "organisation", "household"] | None, typer.Option("--type", help="Only these.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only customers of this employee.")] = None,
    trait: Annotated[
        list[str] | None, typer.Option("--trait", help="Only customers with NAME=VALUE (JSON, else text); repeatable, all must fit.")
    ] = None,
    fields: Annotated[str, typer.Option("--fields", help="Columns with commas in between, for example user_id,email,plan; default: all.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file that is there.")] = False,
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    key: Annotated[str, typer.Option("--key", help="API key; default: ECRM_ADMIN_KEY or the data directory's.")] = "",
) -> None:
    """All customers, or some, as CSV, JSON lines or Parquet; `ecrm import customers` takes the file back in."""
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        _wrong(f"{file}: the ending says how it is written; it must be one of {', '.join(FORMATS)}")
    if file.exists() and not force:
        _wrong(f"{file} is there already; --force writes another in its place")
    if not file.absolute().parent.is_dir():
        _wrong(f"{file.parent} is no folder")
    wanted = {
        "format": form, "fields": [name.strip() for name in fields.split(",") if name.strip()],
        "filter": {"type": type_, "owner": owner, "traits": dict(_trait(text) for text in trait or [])},
    }
    where, secret = url or remote.default_url(data), key or remote.default_key(data, "admin_key")
    try:
        done = asyncio.run(bring(where, secret, wanted, file, screen=screen))
    except (remote.RemoteError, ExportFailed, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(2 if getattr(error, "status", 0) in WRONG_USE else 1) from None
    screen.print(f"{done['done']:,} customers, {file.stat().st_size:,} bytes in {file}", soft_wrap=True)


async def bring(url: str, key: str, wanted: dict[str, Any], file: Path, *, screen: Console) -> dict[str, Any]:
    """The export when its file is there. Raises RemoteError, ExportFailed, OSError; then, and when interrupted, the platform drops it."""
    with Progress(console=screen, transient=True) as bar:
        task = bar.add_task("asking", total=None)
        async with remote.Api(url, key, patience=sending.PATIENCE) as api:
            found: dict[str, Any] = await api.ask("POST", "/api/v1/exports", wanted)
            path, pause = f"/api/v1/exports/{found['id']}", 0.1
            try:
                while found["state"] in {"queued", "running"}:
                    await asyncio.sleep(pause)
                    pause = min(1.0, 1.5 * pause)
                    found = await api.ask("GET", path)
                    bar.update(task, description="the platform writes", completed=found["done"], total=found["total"])
                if found["state"] != "done":
                    raise ExportFailed(f"The export {found['state']}: {found['error'] or 'no reason was given'}")
                bar.reset(task, description=f"receiving {file.name}", total=found["bytes"])
                await api.download(f"{path}/content", file, taken=lambda size: bar.advance(task, size))
            except BaseException:
                with suppress(remote.RemoteError):
                    await asyncio.shield(api.ask("DELETE", path))
                raise
    return found


def _trait(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        _wrong(f"--trait {text}: write NAME=VALUE, for example plan=gold")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _wrong(message: str) -> NoReturn:
    screen.print(f"[red]{message}[/red]", soft_wrap=True)
    raise typer.Exit(2)
