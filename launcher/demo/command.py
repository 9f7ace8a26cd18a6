"""The command itself: options, the order of the chapters, exit code."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chassis.clock import Clock
from launcher import remote
from launcher.demo import population, story


def demo(
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data directory of the running `ecrm up`.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL")] = "",
    customers: Annotated[int, typer.Option(min=50, max=200_000)] = 2000,
    months: Annotated[int, typer.Option(min=6, max=60)] = 24,
    seed: Annotated[int, typer.Option()] = 42,
) -> None:
    """A seeded shop: events become customers, a segment, a consent-checked campaign and its measured result."""
    screen = Console(highlight=False)
    data = data.absolute()
    try:
        anchor = _anchor(data, seed, customers, months)
        shop = population.draw(customers=customers, months=months, seed=seed, anchor=anchor)
        url = url or remote.default_url(data)
        told = story.Story(
            screen=screen, shop=shop, url=url, data=data, admin_key=remote.default_key(data, "admin_key"),
            source_key=remote.default_key(data, "source_key"), smtp_port=_smtp_port(data),
        )
        asyncio.run(told.tell())
    except (remote.RemoteError, story.StoryError) as error:
        screen.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


def _anchor(data: Path, seed: int, customers: int, months: int) -> datetime:
    """The day the story ends: today on the first telling, the same day when it is told again here, so that nothing is counted twice."""
    path = data / "demo.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    name = f"{seed}/{customers}/{months}"
    if name not in known:
        known[name] = Clock().now().date().isoformat()
        path.write_text(json.dumps(known), encoding="utf-8")
    return datetime.fromisoformat(known[name]).replace(tzinfo=UTC)


def _smtp_port(data: Path) -> int:
    """The port the platform sends its mail to, as `ecrm up` noted it."""
    try:
        keys: dict[str, Any] = json.loads((data / "keys.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise remote.RemoteError(f"No platform was started in {data}: run `ecrm up` first, or name its folder with --data.") from None
    address = str(keys.get("smtp_url", ""))
    host, _, port = address.removeprefix("smtp://").partition(":")
    if host not in {"127.0.0.1", "localhost"} or not port.isdigit():
        raise remote.RemoteError(f"This platform sends real mail ({address or 'an address of its own'}); the demo only writes into a local mailbox.")
    return int(port)
