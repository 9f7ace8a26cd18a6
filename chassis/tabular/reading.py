"""Files as a stream of rows with their line numbers; a row that cannot be read is an error of its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import msgspec

from chassis.tabular import BadMapping, Layout, Meanings, Row, RowError, meant

#: Rows of a Parquet file that are in memory at once.
PARQUET_ROWS = 2000
#: Bytes that the encoding does not know.
_UNREAD = re.compile("[\udc80-\udcff]")


def format_of(path: Path, layout: Layout) -> str:
    """csv, whitespace, jsonl or parquet: as the mapping says, else by the file's ending."""
    if layout.format is not None:
        return layout.format
    ending = path.suffix.lower()
    return "jsonl" if ending in {".jsonl", ".ndjson"} else "parquet" if ending in {".parquet", ".pq"} else "csv"


def count_lines(path: Path) -> int:
    """Lines of a file of text, for the progress bar."""
    with path.open("rb") as file:
        count, last = 0, b"\n"
        while block := file.read(1 << 20):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def count_rows(path: Path, layout: Layout) -> int | None:
    """Rows of a file for a progress figure: exact for Parquet, for text the lines without the header; None when it cannot be told."""
    form = format_of(path, layout)
    if form == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        try:
            return int(parquet.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return None
    return max(0, count_lines(path) - (layout.header and form != "jsonl"))


def rows(path: Path, meanings: Meanings, layout: Layout) -> Iterator[Row | RowError]:
    """All rows in the order of the file, one at a time. Raises BadMapping when columns are missing or it is no Parquet file, OSError."""
    form = format_of(path, layout)
    if form == "parquet":
        yield from _parquet_rows(path, meanings, layout)
        return
    if form == "jsonl":
        yield from _json_rows(path, meanings, layout)
        return
    with path.open(encoding=layout.encoding, errors="surrogateescape", newline="") as file:
        lines = _whitespace_lines(file) if form == "whitespace" else _csv_lines(file, layout)
        yield from _table(lines, meanings, layout)


def _table(lines: Iterator[tuple[int, list[str] | str]], meanings: Meanings, layout: Layout) -> Iterator[Row | RowError]:
    columns = list(layout.names)
    if layout.header:
        _, head = next(lines, (0, []))
        if isinstance(head, str) or not head:
            raise BadMapping("the file has no readable header; say `header = false` and `names` in a mapping file")
        columns = columns or [name.strip() for name in head]
    targets = meant(meanings, layout, columns)
    for line, fields in lines:
        if isinstance(fields, str):
            yield RowError(line, "bad_csv", fields)
        elif len(fields) > len(columns):
            yield RowError(line, "too_many_fields", f"{len(fields)} fields, but {len(columns)} columns")
        elif not (joined := "".join(fields)).isascii() and _UNREAD.search(joined):
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


def _json_rows(path: Path, meanings: Meanings, layout: Layout) -> Iterator[Row | RowError]:
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
            if meanings.whole:  # whole messages as SDKs send them; their names are read later
                yield Row(line, found)
                continue
            columns = tuple(found)
            if columns not in targets:
                given = {target: column for target, column in layout.columns.items() if column in found}
                targets[columns] = meant(meanings, layout.model_copy(update={"columns": given}), list(columns))
            meaning = targets[columns]
            yield Row(line, {meaning[name]: value for name, value in found.items() if name in meaning and value not in (None, "", [], {})})


def _parquet_rows(path: Path, meanings: Meanings, layout: Layout) -> Iterator[Row]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise BadMapping("this is no Parquet file") from error
    with file:
        columns = meant(meanings, layout, file.schema_arrow.names)
        line = 0
        batches = file.iter_batches(batch_size=PARQUET_ROWS, columns=list(columns))
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise BadMapping(f"the Parquet file is damaged behind row {line:,}") from error
            if batch is None:
                return
            for cells in batch.to_pylist():
                line += 1
                found = {columns[name]: _plain(value) for name, value in cells.items() if value not in (None, "", [], {})}
                if found:
                    yield Row(line, found)


def _plain(value: Any) -> Any:
    """As JSON would say it."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
