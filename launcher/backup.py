"""`ecrm backup` and `ecrm restore` of one machine: everything in one file, its secrets in another, and who was erased since is erased again before anything serves.

backup    the stopped platform: PostgreSQL's folder, the services' files -> FILE; secrets.json, keys.json -> FILE.secrets
restore   FILE -> an empty data folder; then, with nothing open to anybody and no job running: schema -> erasures of the ledger -> all readers caught up
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from chassis.clock import Clock
from chassis.version import VERSION
from launcher import everything, restoring, secrets
from launcher.embedded_postgres import ClusterError, ClusterInUse, PrivateCluster

screen = Console(stderr=True, highlight=False)

LISTED: Final = "contents.json"
SECRETS: Final = ("secrets.json", "keys.json")
LEDGER: Final = "erasures.jsonl"
#: While it is there the platform does not start: erased people may be in the data again.
MARK: Final = "restore-unfinished"
#: What a stopped platform does not need.
LEFT_OUT: Final = frozenset({"postgres", "postgres.log", "launcher.pid", MARK, *SECRETS})
BLOCK: Final = 1 << 20

Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data folder of `ecrm up`.")]


class CannotRestore(Exception):
    """The message says why, and what to do."""


def backup(file: Annotated[Path, typer.Argument(help="The file to make, for example peyvand-2026-11-23.tar.gz")], data: Data = Path("data")) -> None:
    """Save a stopped platform: all databases, the event log and the services' files in one file, the secrets in FILE.secrets (keep it elsewhere)."""
    try:
        lines = asyncio.run(_save(file, data.absolute()))
    except (ClusterInUse, ClusterError, OSError) as error:
        screen.print(f"[red]{error}[/red]\nStop `ecrm up` first: a backup is of a platform at rest.", soft_wrap=True)
        raise typer.Exit(1) from None
    size = file.stat().st_size / 2**20
    screen.print(f"{len(lines)} files, {size:.1f} MiB in {file}. Secrets in {_secrets_of(file)}: keep them apart from the backup.", soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="What `ecrm backup` made")],
    data: Data = Path("data"),
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The newest erasures.jsonl (ECRM_ERASURE_LEDGER): who was erased since the backup.")] = None,
    without_ledger: Annotated[bool, typer.Option("--without-ledger", help="Nobody was erased since the backup; you say so.")] = False,
) -> None:
    """Bring a backup back into an empty data folder; who was erased since is erased again before anything serves."""
    if (ledger is None) != without_ledger:
        screen.print("[red]Name the ledger of erasures with --ledger, or say with --without-ledger that nobody was erased since the backup.[/red]", soft_wrap=True)
        raise typer.Exit(2)
    try:
        again = asyncio.run(_restore(file, data.absolute(), ledger))
    except (CannotRestore, restoring.LedgerTooOld, ClusterInUse, ClusterError, OSError, tarfile.TarError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"[green]restored[/green] into {data}; {again} people were erased again. Start it with `ecrm up --data {data}`.", soft_wrap=True)


def unfinished(data: Path) -> bool:
    """Whether a restore into this folder has begun and not ended."""
    return (data / MARK).exists()


async def _save(file: Path, data: Path) -> dict[str, str]:
    cluster = PrivateCluster(data, everything.databases())
    await cluster.start()  # what a killed server left open is closed in order
    await cluster.stop()
    with cluster.held():
        draft = file.with_name(file.name + ".part")
        listed: dict[str, str] = {}
        try:
            with tarfile.open(draft, "w:gz", compresslevel=3) as archive:
                for path, name in _files(data, cluster.folder):
                    archive.add(path, name, recursive=False)
                    if path.is_file():
                        listed[name] = _digest(path)
                _put(archive, LISTED, {"version": VERSION, "at": Clock().now().isoformat(), "files": listed})
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        kept = {name: (data / name).read_text(encoding="utf-8") for name in SECRETS if (data / name).exists()}
        secrets.write_private(_secrets_of(file), json.dumps(kept, indent=1))
    return listed


def _files(data: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        yield path, f"postgres/{path.relative_to(folder)}"
    for top in sorted(data.iterdir()):
        if top.name not in LEFT_OUT and not top.is_socket() and not top.name.startswith("."):
            for path in (top, *sorted(top.rglob("*"))):
                if path.is_file() or path.is_dir():
                    yield path, f"data/{path.relative_to(data)}"


async def _restore(file: Path, data: Path, ledger: Path | None) -> int:
    if data.exists() and any(data.iterdir()) and not unfinished(data):
        raise CannotRestore(f"{data} is not empty: restore into a folder of its own, or move what is there away.")
    if not _secrets_of(file).exists():
        raise CannotRestore(f"{_secrets_of(file)} is not there: without the secrets of that platform nobody is recognised. Put it beside the backup for the time of the restore.")
    data.mkdir(parents=True, exist_ok=True)
    (data / MARK).touch()
    cluster = PrivateCluster(data, everything.databases())
    with cluster.held():
        await asyncio.to_thread(_unpack, file, data, cluster.folder)
        cluster.own()
    for name, text in json.loads(_secrets_of(file).read_text(encoding="utf-8")).items():
        secrets.write_private(data / name, text)
    await cluster.start()
    try:
        again = await restoring.finish(cluster, data, restoring.read(ledger) if ledger else None)
    finally:
        await cluster.stop()
    (data / MARK).unlink()
    return again


def _unpack(file: Path, data: Path, folder: Path) -> None:
    """Write all files and look at each once more. Raises CannotRestore."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    listed: dict[str, Any] = {}
    with tarfile.open(file) as archive:
        for member in archive:
            if member.name == LISTED:
                content = archive.extractfile(member)
                assert content is not None
                listed = json.load(content)
                continue
            top, _, rest = member.name.partition("/")
            target = {"postgres": folder, "data": data}.get(top)
            if target is None or not rest:
                raise CannotRestore(f"{file} is not a backup of this platform: {member.name}")
            member.name = rest
            archive.extract(member, target, filter="data")
    if not listed:
        raise CannotRestore(f"{file} is cut off: its list of contents is missing.")
    for name, digest in listed["files"].items():
        top, _, rest = name.partition("/")
        if _digest((folder if top == "postgres" else data) / rest) != digest:
            raise CannotRestore(f"{name} is not as it was saved: the backup is damaged.")


def _put(archive: tarfile.TarFile, name: str, content: Any) -> None:
    text = json.dumps(content).encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text))


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _secrets_of(file: Path) -> Path:
    return file.with_name(file.name + ".secrets")
