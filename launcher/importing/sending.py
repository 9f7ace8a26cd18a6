"""A list of customers to the platform's imports: declared, sent in pieces, started, followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from chassis.tabular import BadMapping, Layout, reading
from launcher.importing.running import Rate
from launcher.remote import Api, RemoteError

PIECE_BYTES: Final = 2 * 1024 * 1024
NAME_LENGTH: Final = 80
#: How long the platform may be away before a command gives up, in seconds.
PATIENCE: Final = 60.0
MOVING: Final = frozenset({"queued", "running", "undoing"})


class EndedBadly(Exception):
    """The import failed or was cancelled; the message says why and what stands."""


def list_name(text: str) -> str:
    """A name an import may have: what is no letter, digit, `_`, `.`, `-` or space becomes `-`."""
    made = "".join(sign if sign.isalpha() or sign.isdecimal() or sign in "_ .-" else "-" for sign in text)
    return made.strip(" .-")[:NAME_LENGTH] or "list"


def declaration(file: Path, layout: Layout, *, name: str | None, origin: dict[str, str | None], dry_run: bool) -> dict[str, Any]:
    """What is said of a file before it is sent. Raises BadMapping when there is nothing in it."""
    if not file.stat().st_size:
        raise BadMapping(f"{file}: the file is empty")
    return {
        "name": list_name(file.stem) if name is None else name, "format": reading.format_of(file, layout),
        "mapping": layout.model_dump(exclude_defaults=True, exclude={"format", "currency"}),
        "origin": {key: value for key, value in origin.items() if value is not None}, "dry_run": dry_run,
    }


class Sending:
    """One import of one file; `started` names it from the moment from which it goes on without us."""

    def __init__(self, file: Path, declared: dict[str, Any], *, screen: Console) -> None:
        self._file = file
        self._declared = declared
        self._screen = screen
        self.started: str | None = None

    async def run(self, url: str, key: str) -> dict[str, Any]:
        """The import at its end. Raises RemoteError, EndedBadly, OSError; interrupted before the start, nothing stays."""
        with _bar(self._screen, DownloadColumn()) as (bar, task):
            async with Api(url, key, patience=PATIENCE, waiting=lambda note: bar.update(task, note=note)) as api:
                import_id = (await api.ask("POST", "/api/v1/imports", self._declared))["id"]
                path = f"/api/v1/imports/{import_id}"
                try:
                    parts = await self._send(api, path, bar, task)
                    await api.ask("POST", f"{path}/start", {"parts": parts})
                    self.started = import_id
                finally:
                    if self.started is None:
                        with suppress(RemoteError):
                            await asyncio.shield(api.ask("POST", f"{path}/cancel"))
        return await follow(url, key, import_id, screen=self._screen)

    async def _send(self, api: Api, path: str, bar: Progress, task: TaskID) -> int:
        """How many pieces the file has."""
        bar.update(task, description=f"sending {self._file.name}", total=self._file.stat().st_size)
        number = 0
        with self._file.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                number += 1
                await api.ask("PUT", f"{path}/parts/{number}", content=piece)
                bar.update(task, advance=len(piece), note="")
        return number


async def follow(url: str, key: str, import_id: str, *, screen: Console) -> dict[str, Any]:
    """Watch an import until it no longer moves. Raises RemoteError when it is unknown or the platform stays away."""
    with _bar(screen, MofNCompleteColumn(), Rate()) as (bar, task):
        async with Api(url, key, patience=PATIENCE, waiting=lambda note: bar.update(task, note=note)) as api:
            pause = 0.1
            while True:
                found: dict[str, Any] = await api.ask("GET", f"/api/v1/imports/{import_id}")
                if found["state"] not in MOVING:
                    return found
                undoing = found["state"] == "undoing"
                bar.update(
                    task, description=f"{found['state']} {found['name']}", note=_counted(found),
                    completed=found["undone"] if undoing else found["done"], total=None if undoing else found["total"],
                )
                await asyncio.sleep(pause)
                pause = min(1.0, 1.5 * pause)


async def fetch_refused(url: str, key: str, found: dict[str, Any], target: Path) -> Path | None:
    """`FILE.errors.csv` with line, code and reason; None, and no such file, when no row was refused. Raises RemoteError, OSError."""
    path = target.with_name(target.name + ".errors.csv")
    if not found["refused"]:
        path.unlink(missing_ok=True)
        return None
    async with Api(url, key, patience=PATIENCE) as api:
        await api.download(f"/api/v1/imports/{found['id']}/errors", path, accept="text/csv")
    return path


def ended(found: dict[str, Any]) -> dict[str, Any]:
    """The import itself if it came to its end. Raises EndedBadly."""
    if found["state"] in {"failed", "cancelled"}:
        why = f": {found['error']}" if found["error"] else ""
        raise EndedBadly(f"{found['name']} ({found['id']}) {found['state']} after {found['done']:,} rows{why}")
    return found


def _counted(found: dict[str, Any]) -> str:
    if found["state"] == "undoing":
        return "customers looked at"
    return " ".join(f"{found[name]:,} {name}" for name in ("created", "updated", "unchanged", "refused") if found[name])


@contextmanager
def _bar(screen: Console, *columns: Any) -> Iterator[tuple[Progress, TaskID]]:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), *columns, TimeRemainingColumn(), TextColumn("[yellow]{task.fields[note]}"),
        console=screen, transient=True,
    )
    with bar:
        yield bar, bar.add_task("", total=None, note="")
