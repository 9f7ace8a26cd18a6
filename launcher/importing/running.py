"""One import from the first row to the summary: progress, error file, exit code."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from chassis.tabular import Layout, RowError, reading
from chassis.tabular.values import Refused
from launcher.importing.mapping import MEANINGS, Kind
from launcher.importing.messages import EventRows, Message
from launcher.importing.orders import OrderRows, last_lines
from launcher.importing.posting import Batcher, Poster

DONE: Final = 0
WITH_REFUSED: Final = 3


@dataclass
class Summary:
    """What an import did."""

    rows: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return WITH_REFUSED if self.refused else DONE


class Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} rows/s")


class ErrorFile:
    """`FILE.errors.csv`: line, code, reason. It exists only when a row was refused."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".errors.csv")
        self.path.unlink(missing_ok=True)
        self._stack = ExitStack()
        self._writer: Any = None

    def add(self, error: RowError) -> None:
        if self._writer is None:
            file = self._stack.enter_context(self.path.open("w", encoding="utf-8", newline=""))
            self._writer = csv.writer(file)
            self._writer.writerow(("line", "code", "reason"))
        self._writer.writerow((error.line, error.code, error.reason))

    def close(self) -> None:
        self._stack.close()


def messages(path: Path, kind: Kind, layout: Layout, *, currency: str | None) -> Iterator[Message | RowError]:
    """All messages of a file in its order, with an error for each row that cannot be taken. Raises BadMapping, OSError."""
    rows = reading.rows(path, MEANINGS[kind], layout)
    if kind == "orders":
        last = last_lines(reading.rows(path, MEANINGS[kind], layout))
        yield from OrderRows(layout, currency=currency, last_lines=last).messages(rows)
        return
    made = EventRows(layout)
    for row in rows:
        if isinstance(row, RowError):
            yield row
            continue
        try:
            yield made.message(row)
        except Refused as refused:
            yield RowError(row.line, refused.code, refused.reason)


async def run(
    path: Path, kind: Kind, layout: Layout, *, url: str, key: str, currency: str | None, dry_run: bool, screen: Console
) -> tuple[Summary, ErrorFile]:
    """Import a file. Raises BadMapping, Aborted, OSError."""
    summary, errors = Summary(), ErrorFile(path)
    has_header = layout.header and reading.format_of(path, layout) not in {"jsonl", "parquet"}
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), TextColumn("[yellow]{task.fields[note]}"),
        console=screen, transient=True,
    )
    try:
        with bar:
            task = bar.add_task(path.name, total=max(0, reading.count_lines(path) - has_header), note="")

            def refuse(error: RowError) -> None:
                summary.rows += 1
                summary.refused[error.code] += 1
                errors.add(error)
                bar.advance(task)

            def take(taken: list[Message]) -> None:
                for message in taken:
                    summary.rows += len(message.lines)
                    summary.messages[str(message.content.get("event") or message.content["type"])] += 1
                    bar.advance(task, len(message.lines))
                bar.update(task, note="")

            found = messages(path, kind, layout, currency=currency)
            if dry_run:
                for message in found:
                    refuse(message) if isinstance(message, RowError) else take([message])
            else:
                poster = Poster(url, key, waiting=lambda note: bar.update(task, note=note))
                async for posted in poster.post_all(_batches(found, refuse)):
                    take(posted.taken)
                    for error in posted.refused:
                        refuse(error)
            summary.seconds = bar.tasks[task].elapsed or 0.0
    finally:
        errors.close()
    return summary, errors


async def _batches(found: Iterator[Message | RowError], refuse: Any) -> AsyncIterator[list[Message]]:
    gathered = Batcher()
    for message in found:
        if isinstance(message, RowError):
            refuse(message)
            continue
        full = gathered.add(message)
        if isinstance(full, RowError):
            for line in message.lines:
                refuse(full._replace(line=line))
        elif full:
            yield full
    rest = gathered.rest()
    if rest:
        yield rest


def show(summary: Summary, errors: ErrorFile, *, dry_run: bool, screen: Console) -> None:
    """The summary table and what to do next."""
    table = Table(title="Checked, nothing sent" if dry_run else "Imported", show_header=False)
    table.add_row("rows read", f"{summary.rows:,}")
    for name, count in sorted(summary.messages.items()):
        table.add_row(name, f"{count:,}")
    for code, count in summary.refused.most_common():
        table.add_row(f"[red]refused: {code}", f"{count:,}")
    table.add_row("seconds", f"{summary.seconds:.1f}")
    screen.print(table)
    if summary.refused:
        screen.print(f"[yellow]{sum(summary.refused.values()):,} rows were refused: see {errors.path}[/yellow]", soft_wrap=True)
    elif not dry_run:
        screen.print("Running the same command again adds nothing.")
