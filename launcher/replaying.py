"""`ecrm replay`: make state anew from the log beside the live one, compare, and take it over on request. No message is sent, nothing is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from chassis import replaying, settings
from chassis.eventlog import NotConfirmed
from chassis.replaying import CannotReplay, Result
from chassis.service import Service
from launcher import everything, roster, secrets, single, wiring
from launcher.embedded_postgres import ClusterError, ClusterInUse, PrivateCluster

screen = Console(stderr=True, highlight=False)

#: Where a service is filled anew by other means.
ELSEWHERE: Final = {
    "analytics": "Its warehouse file is filled from the log by itself when it is missing: stop it, move warehouse.duckdb away, start it (docs/warehouse.md).",
    "gateway": "Keys, people and the audit log are made here by commands: they are in the backup only.",
}


def replay(
    service: Annotated[str, typer.Argument(help="customer, interaction, campaign or consent")],
    swap: Annotated[bool, typer.Option("--swap", help="Take over what was made anew, where it differs and where only facts write.")] = False,
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data folder of a stopped `ecrm up`; with ECRM_<SERVICE>_DATABASE_URL set that is used, running or not.")] = Path("data"),
) -> None:
    """Make a service's state anew from the log in shadow tables and compare. Exit code 0: the same, or swapped; 1: different."""
    if service in ELSEWHERE:
        screen.print(ELSEWHERE[service], soft_wrap=True)
        raise typer.Exit(2)
    if service not in roster.ALL:
        screen.print(f"[red]There is no service {service}; there are {', '.join(name for name in roster.ALL if name not in ELSEWHERE)}.[/red]")
        raise typer.Exit(2)
    try:
        results = asyncio.run(_run(service, data.absolute(), swap=swap))
    except (CannotReplay, ClusterInUse, ClusterError, NotConfirmed, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    _show(service, results)
    raise typer.Exit(0 if all(result.same or result.swapped for result in results) else 1)


async def _run(name: str, data: Path, *, swap: bool) -> list[Result]:
    async with _service(name, data) as service:
        manifest = roster.manifest(name)
        return [await replaying.replay(manifest, service, rebuilt, swap=swap) for rebuilt in manifest.rebuilt]


@asynccontextmanager
async def _service(name: str, data: Path) -> AsyncIterator[Service[Any, Any]]:
    """The service as it would run, not started."""
    manifest = roster.manifest(name)
    values: dict[str, Any] = {}
    cluster: PrivateCluster | None = None
    if settings.variable(f"ECRM_{name.upper()}_DATABASE_URL"):
        platform, url = secrets.platform_settings(None, name), single.log_url()
    else:
        cluster = PrivateCluster(data, everything.databases())
        await cluster.start()
        platform, url = secrets.platform_settings(secrets.load_or_create(data), name), everything.log_url(cluster)
        values["database_url"] = cluster.url(name)
    try:
        log = wiring.event_log(url)
        try:
            await log.start()
            yield wiring.service(manifest, platform=platform, log=log, transports={}, **values)
        finally:
            await log.close()
    finally:
        if cluster is not None:
            await cluster.stop()


def _show(service: str, results: list[Result]) -> None:
    table = Table("state", "table", "rows", "digest", "made anew", "digest", "")
    for result in results:
        for each in result.tables:
            verdict = "same" if each.same else "swapped" if result.swapped else "[red]different[/red]"
            table.add_row(result.name, each.table, f"{each.live.rows:,}", each.live.digest[:12], f"{each.replayed.rows:,}", each.replayed.digest[:12], verdict)
    screen.print(table)
    records, told = sum(result.records for result in results), sum(result.told for result in results)
    screen.print(f"{service}: {records:,} records applied beside; {told:,} facts that this would tell were dropped; no message was sent.", soft_wrap=True)
