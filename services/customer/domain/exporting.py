"""Customers -> rows of a file: CSV that spreadsheets do not execute, JSON lines, Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

#: Columns every export has, in this order; traits follow under their names. `user_id` is the first user id.
ALWAYS: Final = ("id", "type", "user_id", "email", "phone", "identities", "registered_at")
FORMATS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}

#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def csv_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, header: bool) -> bytes:
    """RFC 4180, UTF-8; what would be a formula is preceded by an apostrophe, which an import takes off again."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    if header:
        writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return file.getvalue().encode()


def json_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """One JSON object a line, without what a customer has not."""
    return b"".join(_encode({column: row[column] for column in columns if row.get(column) is not None}) + b"\n" for row in rows)


def texts(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str | None]:
    """A row for columns of text."""
    return {column: _text(row.get(column)) for column in columns}


def restored(text: str) -> str:
    """A cell as it was before it was made harmless."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _cell(value: Any) -> str:
    text = _text(value) or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return _encode(value).decode()
