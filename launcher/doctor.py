"""`ecrm doctor`: what is wrong with a running deployment, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from launcher import remote

screen = Console(highlight=False)

LAG: Final = 10_000
OUTBOX_SECONDS: Final = 30.0
CLOCK_SECONDS: Final = 2.0


class Finding(NamedTuple):
    """One thing that is not as it should be. `grave`: the platform does not do its job; else it soon may not. `do` is an instruction."""

    part: str
    grave: bool
    what: str
    do: str


def doctor(
    data: Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Data folder of `ecrm up`: its address and key are used.")] = Path("data"),
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON, for programs.")] = False,
) -> None:
    """Look at a running deployment: versions, migrations, topics, lag, outbox, dead letters, clocks, settings. Exit code 1 when something is wrong."""
    try:
        answer = asyncio.run(_asked(url or remote.default_url(data), remote.default_key(data, "admin_key")))
    except remote.RemoteError as error:
        screen.print(f"[red]{error}[/red]\nThe gateway itself cannot be asked: look at its readiness (`ecrm check`) and its log.", soft_wrap=True)
        raise typer.Exit(1) from None
    found = list(findings(answer))
    if as_json:
        screen.print_json(data=[finding._asdict() for finding in found])
    else:
        _show(answer, found)
    raise typer.Exit(1 if any(finding.grave for finding in found) else 0)


def findings(answer: Mapping[str, Any]) -> Iterator[Finding]:
    """All that is wrong in the answer of `GET /api/v1/deployment`."""
    parts: Mapping[str, Mapping[str, Any]] = answer["parts"]
    for name, why in answer["silent"].items():
        yield Finding(name, True, why, f"Look at the log of {name}; is it running, and does ECRM_{name.upper()}_URL of the gateway lead to it?")
    yield from _alike(parts, "version", lambda part: part["version"], "Roll out one version everywhere; a mixture is for the time of an upgrade only.", grave=False)
    yield from _alike(
        parts, "shared secrets", lambda part: part["settings"]["secrets"],
        "Give every process the same identity_secret and link_secret: people are not recognised otherwise.", grave=True,
    )
    for setting in ("public_url", "mail_domain"):
        yield from _alike(parts, setting, lambda part, key=setting: part["settings"][key], f"Set ECRM_{setting.upper()} alike for all.", grave=False)
    for name, part in parts.items():
        yield from _of(name, part)


def _of(name: str, part: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with one part."""
    if part["schema"] != part["schema_needed"]:
        yield Finding(name, False, f"schema {part['schema']}, its code is made for {part['schema_needed']}", "Run `ecrm migrate` of the newest version in use, then roll out the rest.")
    if part["missing_topics"]:
        yield Finding(name, True, f"topics are missing: {', '.join(part['missing_topics'])}", "Run `ecrm topics`, or apply the KafkaTopics of the chart.")
    for reader in part["readers"]:
        if reader["stopped_by"]:
            yield Finding(name, True, f"{reader['reader']} stands still: {reader['stopped_by']}", "Records it never read are gone from the log: see docs/runbooks/reader-stopped.md.")
        elif (reader["behind"] or 0) > LAG:
            yield Finding(name, False, f"{reader['reader']} is {reader['behind']} records behind", "Wait if it falls; else add a process of its readers: see docs/runbooks/reader-lag.md.")
    if part["outbox"]["oldest_seconds"] > OUTBOX_SECONDS:
        yield Finding(
            name, True, f"{part['outbox']['rows']} rows wait in the outbox, the oldest for {part['outbox']['oldest_seconds']:.0f} s",
            "The log does not take them, or no process with readers runs: see docs/runbooks/outbox-stuck.md.",
        )
    if part["dead_letters"]["open"]:
        waiting = f", {part['dead_letters']['parked']} records wait behind them" if part["dead_letters"]["parked"] else ""
        yield Finding(name, False, f"{part['dead_letters']['open']} dead letters{waiting}", "`ecrm dlq list`, then replay or discard each: see docs/runbooks/dead-letters.md.")
    if abs(part["clock_off_seconds"]) > CLOCK_SECONDS:
        yield Finding(name, False, f"its clock differs from its database's by {part['clock_off_seconds']:.1f} s", "Let both machines follow one time server (NTP): see docs/runbooks/clock-off.md.")


def _alike(parts: Mapping[str, Mapping[str, Any]], what: str, of: Any, do: str, *, grave: bool) -> Iterator[Finding]:
    """A finding when the parts do not say the same."""
    said: dict[str, list[str]] = {}
    for name, part in parts.items():
        said.setdefault(str(of(part)), []).append(name)
    if len(said) > 1:
        differ = "; ".join(f"{value or '(none)'}: {', '.join(sorted(names))}" for value, names in sorted(said.items()))
        yield Finding("all", grave, f"{what} differs ({differ})", do)


def _show(answer: Mapping[str, Any], found: list[Finding]) -> None:
    table = Table("part", "version", "schema", "behind", "outbox", "dead letters")
    for name, part in sorted(answer["parts"].items()):
        behind = sum(reader["behind"] or 0 for reader in part["readers"])
        table.add_row(name, part["version"], str(part["schema"]), str(behind), str(part["outbox"]["rows"]), str(part["dead_letters"]["open"]))
    screen.print(table)
    for finding in found:
        colour = "red" if finding.grave else "yellow"
        screen.print(f"[{colour}]{finding.part}[/{colour}]: {finding.what}\n  {finding.do}", soft_wrap=True)
    if not found:
        screen.print("[green]Nothing is wrong.[/green]")


async def _asked(url: str, key: str) -> Any:
    async with remote.Api(url, key) as api:
        return await api.ask("GET", "/api/v1/deployment")
