"""Files as a stream of rows with their line numbers; a row that cannot be read is an error of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec

from launcher.importing.mapping import BadMapping, Kind, Layout, meanings


class Row(NamedTuple):
    """A row by meaning. Cells that are empty or absent are left out."""

    line: int
    cells: dict[str, Any]


class RowError(NamedTuple):
    """A row that was refused, and why."""

    line: int
    code: str
    reason: str


def format_of(path: Path, layout: Layout) -> str:
    """csv, whitespace or jsonl: as the mapping says, else by the file's ending."""
    if layout.format is not None:
        return layout.format
    return "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson"} else "csv"


def count_lines(path: Path) -> int:
    """Lines of a file, for the progress bar."""
    with path.open("rb") as file:
        count, last = 0, b"\n"
        while block := file.read(1 << 20):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def rows(path: Path, kind: Kind, layout: Layout) -> Iterator[Row | RowError]:
    """All rows in the order of the file, one at a time. Raises BadMapping when columns are missing, OSError."""
    form = format_of(path, layout)
    if form == "jsonl":
        yield from _json_rows(path, kind, layout)
        return
    with path.open(encoding=layout.encoding, errors="surrogateescape", newline="") as file:
        lines = _whitespace_lines(file) if form == "whitespace" else _csv_lines(file, layout)
        yield from _table(lines, kind, layout)


def _table(lines: Iterator[tuple[int, list[str] | str]], kind: Kind, layout: Layout) -> Iterator[Row | RowError]:
    columns = list(layout.names)
    if layout.header:
        _, head = next(lines, (0, []))
        if isinstance(head, str) or not head:
            raise BadMapping("the file has no readable header; say `header = false` and `names` in a mapping file")
        columns = columns or [name.strip() for name in head]
    targets = meanings(kind, layout, columns)
    for line, fields in lines:
        if isinstance(fields, str):
            yield RowError(line, "bad_csv", fields)
        elif len(fields) > len(columns):
            yield RowError(line, "too_many_fields", f"{len(fields)} fields, but {len(columns)} columns")
        elif any("\udc80" <= sign <= "\udcff" for field in fields for sign in field if sign > "\ud7ff"):
            yield RowError(line, "bad_encoding", f"bytes that are no {layout.encoding}; name the `encoding` in a mapping file")
        else:
            cells = {
                targets[column]: text for column, field in zip(columns, fields, strict=False) if column in targets and (text := field.strip())
            }
            if cells:
                yield Row(line, cells)


def _csv_lines(file: TextIO, layout: Layout) -> Iterator[tuple[int, list[str] | str]]:
    """(first line of the row, its fields or what is wrong with them)."""
    delimiter = layout.delimiter
    if delimiter is None:
        sample = file.read(1 << 16)
        file.seek(0)
        try:
            delimiter = csv.Sniffer().sniff(sample.partition("\n")[0], delimiters=",;\t|").delimiter
        except csv.Error:
            delimiter = ","
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)


def _whitespace_lines(file: TextIO) -> Iterator[tuple[int, list[str] | str]]:
    for line, text in enumerate(file, 1):
        yield line, text.split()


def _json_rows(path: Path, kind: Kind, layout: Layout) -> Iterator[Row | RowError]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    targets: dict[tuple[str, ...], dict[str, str]] = {}
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            text = text.removeprefix(b"\xef\xbb\xbf") if line == 1 else text
            if not text.strip():
                continue
            try:
                found = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield RowError(line, "invalid_json", "the line is no JSON object")
                continue
            if kind == "events":  # whole messages as SDKs send them; their names are read later
                yield Row(line, found)
                continue
            columns = tuple(found)
            if columns not in targets:
                given = {target: column for target, column in layout.columns.items() if column in found}
                targets[columns] = meanings(kind, layout.model_copy(update={"columns": given}), list(columns))
            meaning = targets[columns]
            yield Row(line, {meaning[name]: value for name, value in found.items() if name in meaning and value not in (None, "", [], {})})
