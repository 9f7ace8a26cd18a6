"""`ecrm import`: customers through the platform's imports, orders and events through the collection API; running twice adds nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chassis import tabular
from chassis.tabular import BadMapping
from launcher import remote
from launcher.importing import lists, running
from launcher.importing.mapping import Kind
from launcher.importing.posting import Aborted

app = typer.Typer(no_args_is_help=True)
app.add_typer(lists.app)
screen = Console(highlight=False)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV (.csv) or JSON lines (.jsonl).")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", exists=True, dir_okay=False, help="TOML or JSON: columns, delimiter, header, dates, currency.")
]
Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of `ecrm up`, for its address and key.")]
Url = Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")]
Key = Annotated[str, typer.Option("--key", help="Source key; default: ECRM_SOURCE_KEY or the data directory's.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check all rows, send nothing.")]


@app.command()
def orders(
    file: File, *, mapping: MappingFile = None, data: Data = Path("data"), url: Url = "", key: Key = "",
    currency: Annotated[str | None, typer.Option("--currency", help="ISO 4217 code of rows that name none, for example USD.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Orders: columns customer_id, order_id, ordered_at, total, currency; or lines with product_id, quantity, price."""
    _run("orders", file, mapping, data=data, url=url, key=key, dry_run=dry_run, currency=currency)


@app.command()
def events(
    file: File, *, mapping: MappingFile = None, data: Data = Path("data"), url: Url = "", key: Key = "", dry_run: DryRun = False
) -> None:
    """Events: columns type, event, user_id, anonymous_id, timestamp, message_id; any other is a property."""
    _run("events", file, mapping, data=data, url=url, key=key, dry_run=dry_run)


def _run(
    kind: Kind, file: Path, mapping_file: Path | None, *, data: Path, url: str, key: str, dry_run: bool, currency: str | None = None
) -> None:
    """Exit codes: 0 done, 1 failed, 2 wrong use, 3 finished with rows refused."""
    try:
        layout = tabular.load(mapping_file)
        if currency is not None and (len(currency) != 3 or not currency.isalpha()):
            raise BadMapping("--currency takes an ISO 4217 code, for example USD")
        where = url or remote.default_url(data)
        secret = "" if dry_run else key or remote.default_key(data, "source_key")
        summary, errors = asyncio.run(
            running.run(
                file, kind, layout, url=where, key=secret, currency=currency.upper() if currency else None, dry_run=dry_run, screen=screen
            )
        )
    except BadMapping as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(2) from None
    except (Aborted, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    running.show(summary, errors, dry_run=dry_run, screen=screen)
    raise typer.Exit(summary.exit_code)
