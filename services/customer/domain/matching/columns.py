"""Profiles as columns: per field an array of numbers, each standing for one distinct value. A million profiles fit into memory this way."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching import spelling

Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

#: Fields that are looked at; what comes later under other names is left out.
MAX_FIELDS: Final = 48
MAX_LENGTH: Final = 120
MISSING: Final = -1

#: Of the platform, not of the person.
_NEVER: Final = frozenset({"language", "avatar", "created_at", "title", "time_zone"})
#: What programs write where a person said nothing.
_NOTHING: Final = frozenset({"", "none", "null", "nan", "na", "n a", "nil", "unknown", "undefined", "not known", "not set"})


class Column:
    """One field of all profiles: `codes` holds a number for each, -1 for none; `texts` are the distinct values, folded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.codes = array("i")
        self.texts: list[str] = []
        self._known: dict[str, int] = {}

    def put(self, place: int, text: str) -> None:
        """Set the value of the profile at a place; the places come in ascending order."""
        gap = place - len(self.codes)
        if gap < 0:
            return
        if gap:
            self.codes.extend([MISSING] * gap)
        code = self._known.get(text)
        if code is None:
            code = self._known[text] = len(self.texts)
            self.texts.append(text)
        self.codes.append(code)

    def finish(self, count: int) -> None:
        """No value comes any more: give back what only adding needs."""
        self.codes.extend([MISSING] * (count - len(self.codes)))
        self._known = {}

    def array(self) -> Codes:
        return np.frombuffer(self.codes, dtype=np.int32)


class Columns:
    """All profiles of one kind (persons, organisations), field by field."""

    def __init__(self, *, persons: bool = True) -> None:
        self.persons = persons
        self.ids: list[bytes] = []
        self.columns: dict[str, Column] = {}
        self.left_out: set[str] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, key: bytes, values: Mapping[str, Any]) -> None:
        """Add a profile: traits by name. Maps are read one level deep (`address.city`); lists and truth values say nothing here."""
        place = len(self.ids)
        self.ids.append(key)
        if self.persons and "name" in values:
            values = _with_name_parts(values)
        for field, value in values.items():
            if isinstance(value, dict):
                for part, inner in value.items():
                    self._put(f"{field}.{part}", place, inner)
            elif field not in _NEVER:
                self._put(field, place, value)

    def finish(self) -> None:
        for column in self.columns.values():
            column.finish(len(self.ids))

    def _put(self, field: str, place: int, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return
        text = str(value)[:MAX_LENGTH]
        text = contact_text(text) if "@" in text else spelling.plain(text)
        if text in _NOTHING:
            return
        column = self.columns.get(field)
        if column is None:
            if len(self.columns) >= MAX_FIELDS:
                if len(self.left_out) < MAX_FIELDS:
                    self.left_out.add(field)
                return
            column = self.columns[field] = Column(field)
        column.put(place, text)


def contact_text(text: str) -> str:
    """An e-mail address, trimmed and in lower case; its signs tell something."""
    return text.strip().casefold()


def _with_name_parts(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A full name counts as given and family name, where these are missing."""
    rest = {field: value for field, value in values.items() if field != "name"}
    full = values["name"]
    if not isinstance(full, str) or ("given_name" in values and "family_name" in values):
        return rest
    given, family = spelling.name_parts(full)
    if family and "family_name" not in rest:
        rest["family_name"] = family
    if given and "given_name" not in rest:
        rest["given_name"] = given
    return rest
