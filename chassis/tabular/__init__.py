"""Files of rows (CSV, columns by white space, JSON lines, Parquet) and how their columns are to be read.

What a column can mean is the caller's (`Meanings`); how the file writes it is the file's owner's (`Layout`, a mapping file).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator


class BadMapping(Exception):
    """The mapping cannot be used; the message says what to change."""


class Row(NamedTuple):
    """A row by meaning. Cells that are empty or absent are left out. `line` counts from 1; of Parquet it is the number of the row."""

    line: int
    cells: dict[str, Any]


class RowError(NamedTuple):
    """A row that was refused, and why."""

    line: int
    code: str
    reason: str


class Meanings(NamedTuple):
    """What columns can mean; any other column keeps its name. `alike` are other spellings of the same names in a header."""

    what: str
    targets: tuple[str, ...]
    alike: Mapping[str, str] = {}
    #: JSON lines are whole messages: their names stay as they are.
    whole: bool = False


class Layout(BaseModel):
    """A mapping file. `columns` names the file's column for each meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["csv", "whitespace", "jsonl", "parquet"] | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    header: bool = True
    names: list[str] = []
    columns: dict[str, str] = {}
    ignore: list[str] = []
    date_format: str | None = None
    time_zone: str = "UTC"
    decimal: Literal[".", ","] = "."
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    #: Orders: `product_id`s that are no goods, and what their amount is of the order; a fee stays a line.
    charges: dict[str, Literal["shipping", "tax", "discount", "fee"]] = {}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no time zone of that name, for example Asia/Tehran") from None
        return name

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError:
            raise ValueError("no such encoding, for example utf-8 or cp1256") from None
        return "utf-8-sig" if name.lower().replace("_", "-") in {"utf8", "utf-8"} else name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def load(path: Path | None) -> Layout:
    """Read a mapping file (`.toml`, else JSON); None: all defaults. Raises BadMapping."""
    if path is None:
        return Layout()
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        layout = Layout.model_validate(content)
    except OSError as error:
        raise BadMapping(f"{path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise BadMapping(f"{path}:\n  " + "\n  ".join(faults)) from None
    except ValueError as error:
        raise BadMapping(f"{path}: {error}") from None
    if not layout.header and not layout.names and layout.format not in {"jsonl", "parquet"}:
        raise BadMapping(f"{path}: a file without a header needs `names`, the columns from left to right")
    return layout


def meant(meanings: Meanings, layout: Layout, columns: Sequence[str]) -> dict[str, str]:
    """Column of the file -> what it means; columns that are kept as they are stand under their own name. Raises BadMapping."""
    unknown = sorted(set(layout.columns) - set(meanings.targets))
    if unknown:
        raise BadMapping(f"columns: unknown for {meanings.what}: {', '.join(unknown)}. Known are {', '.join(meanings.targets)}")
    absent = sorted(set(layout.columns.values()) - set(columns))
    if absent:
        raise BadMapping(f"columns: the file has no column {', '.join(absent)}. It has {', '.join(columns)}")
    named = {column: target for target, column in layout.columns.items()}
    taken = set(layout.columns)
    found: dict[str, str] = {}
    for column in columns:
        if column in layout.ignore or not column:
            continue
        guess = plain(column, meanings.alike)
        if column in named:
            found[column] = named[column]
        elif guess in meanings.targets and guess not in taken:
            found[column] = guess
            taken.add(guess)
        else:
            found[column] = column
    return found


def plain(name: str, alike: Mapping[str, str]) -> str:
    """A column's name as it is compared: `Order ID` is `order_id`."""
    folded = "_".join(name.strip().casefold().replace("-", " ").split())
    return alike.get(folded, folded)
