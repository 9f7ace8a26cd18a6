"""`ecrm audit export FOLDER`, `ecrm audit export-access FOLDER`, `ecrm audit verify FOLDER`, `ecrm audit verify-receipt FILE`, `ecrm audit rotate-key`. Exit code 1: something does not hold."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from launcher import remote
from launcher.auditing import access, exporting, folder
from services.consent.domain import receipts
from services.consent.domain.verifying import Fault

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)

Trusted = Annotated[
    Path | None,
    typer.Option("--trusted", help="Keys you saved earlier (/.well-known/ecrm-permit-keys.json); without them the export's own are taken at their word."),
]


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="A new or empty folder. It will hold personal data.")],
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    key: Annotated[str, typer.Option("--key", help="API key with `admin`; default: ECRM_ADMIN_KEY or the data directory's.")] = "",
) -> None:
    """The ledger's chain, its signed roots, all permits and all messages, into files that prove themselves."""
    where, secret = url or remote.default_url(data), key or remote.default_key(data, "admin_key")
    try:
        counts = asyncio.run(exporting.export(where, secret, target))
    except (remote.RemoteError, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"{target}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()), soft_wrap=True)


@app.command()
def verify(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False)], trusted: Trusted = None,
) -> None:
    """Check the chain, the roots, and the permit of every message that was sent, or the log of who read and changed what; name the first record that does not hold."""
    if access.is_access_log(source):
        _verify_access(source, trusted)
        return
    try:
        found = folder.verify(source, trusted=folder.read_trusted(trusted))
    except Fault as fault:
        screen.print(f"[red]does not hold[/red]  {fault}", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(
        f"[green]holds[/green]  {found.entries:,} entries ({found.erased:,} erased), {found.roots:,} signed roots, {found.permits:,} permits, "
        f"{found.messages:,} messages", soft_wrap=True,
    )
    for message in found.overran:
        screen.print(f"  {message} was begun in time and ended after its permit had: its sender stood still, or it never heard the end", soft_wrap=True)
    if trusted is None:
        screen.print("The keys were not compared with a copy of yours: use --trusted.", soft_wrap=True)


def _verify_access(source: Path, trusted: Path | None) -> None:
    try:
        found = access.verify(source, trusted=folder.read_trusted(trusted))
    except Fault as fault:
        screen.print(f"[red]does not hold[/red]  {fault}", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"[green]holds[/green]  {found.entries:,} entries, {found.anchors:,} signed heads, as of {found.at}", soft_wrap=True)
    if trusted is None:
        screen.print("The keys were not compared with a copy of yours: use --trusted.", soft_wrap=True)


@app.command("export-access")
def export_access(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False, help="A new or empty folder.")],
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    key: Annotated[str, typer.Option("--key", help="API key with `audit:read`; default: ECRM_ADMIN_KEY or the data directory's.")] = "",
) -> None:
    """The gateway's log of who read and changed what, into files that prove themselves; check them with `ecrm audit verify FOLDER`."""
    try:
        found = asyncio.run(access.export(url or remote.default_url(data), key or remote.default_key(data, "admin_key"), target))
    except (remote.RemoteError, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"{target}: {found.entries:,} entries, {found.anchors:,} signed heads", soft_wrap=True)


@app.command("rotate-key")
def rotate_key(
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    key: Annotated[str, typer.Option("--key", help="API key with `admin`; default: ECRM_ADMIN_KEY or the data directory's.")] = "",
) -> None:
    """Let another key sign permits, roots and receipts from now on; earlier ones stay published, so that what they signed can be checked."""
    try:
        made, before = asyncio.run(exporting.rotate(url or remote.default_url(data), key or remote.default_key(data, "admin_key")))
    except (remote.RemoteError, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"{made} signs now, endorsed by {before}. Save /.well-known/ecrm-permit-keys.json again for --trusted.", soft_wrap=True)


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A receipt as it was given out.")], trusted: Trusted = None,
) -> None:
    """Check a consent receipt: that it was signed, and that nothing in it was changed."""
    try:
        receipt = receipts.verify(json.loads(file.read_text(encoding="utf-8")), trusted=folder.read_trusted(trusted))
    except (Fault, ValueError, OSError) as fault:
        screen.print(f"[red]does not hold[/red]  {fault}", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"[green]holds[/green]  {receipts.sentence(receipt)}", soft_wrap=True)
    if trusted is None:
        screen.print("The key was not compared with a copy of yours: use --trusted.", soft_wrap=True)
