"""Which columns tell who somebody is, and how values of each are compared: found from their own statistics, names of traits help only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching import spelling
from services.customer.domain.matching.columns import MISSING, Codes, Column, Columns, contact_text

#: Names of fields that say where somebody lives.
_PLACE: Final = re.compile(r"post|zip|street|city|suburb|address|house|region|county")
#: Fields compared at most, those that tell the most.
MAX_COMPARED: Final = 16
_SAMPLE: Final = 2_000


class Kind(Enum):
    """How two values of a field are compared."""

    NAME = "name"  # a word or two, letters: Jaro-Winkler, sound
    DATE = "date"  # digits of a day: one wrong, day and month swapped
    CODE = "code"  # digits or short signs: Damerau-Levenshtein
    TEXT = "text"  # several words: token sort and set ratio
    EMAIL = "email"
    PHONE = "phone"


@dataclass
class Field:
    """A column made ready: `codes` number the distinct values in their one spelling, `texts`.

    `personal`: strangers of one household rarely share it (given name, birthday, numbers of the person).
    `keys`: coarser forms by which candidates are found.
    """

    name: str
    kind: Kind
    codes: Codes
    texts: npt.NDArray[np.object_]
    counts: npt.NDArray[np.int64]
    personal: bool
    keys: dict[str, Codes] = field(default_factory=dict)
    sounds: Codes | None = None
    sound_lengths: npt.NDArray[np.int16] | None = None
    lengths: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    parts: npt.NDArray[np.int16] | None = None
    foreign: npt.NDArray[np.bool_] | None = None
    local: Codes | None = None

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    @property
    def collision(self) -> float:
        """The probability that two records that have the field agree exactly."""
        total = float(self.filled)
        return float((self.counts * (self.counts - 1.0)).sum() / max(total * (total - 1), 1))


def chosen(columns: Columns) -> list[Field]:
    """The columns that tell something, made ready, in the order of how much they tell."""
    found = []
    for column in columns.columns.values():
        codes = column.array()
        filled = int((codes != MISSING).sum())
        if filled < max(2, len(columns) // 100) or len(column.texts) < 2:
            continue
        made = _ready(column, codes, persons=columns.persons)
        told = made.filled / max(len(columns), 1) * min(_entropy(made), 12.0)
        if len(made.texts) > 1 and told > 0.05:
            found.append((told, made))
    found.sort(key=lambda pair: -pair[0])
    return [made for _, made in found[:MAX_COMPARED]]


def _entropy(made: Field) -> float:
    shares = made.counts[made.counts > 0] / max(made.filled, 1)
    return float(-(shares * np.log2(shares)).sum())


def kind_of(name: str, texts: Sequence[str]) -> Kind:
    """By the share of values that look like one; the field's name decides only where values cannot (a telephone number is a code)."""
    if name in {"given_name", "family_name"}:
        return Kind.NAME
    if re.search("phone|mobile|(^|_)(tel|fax)", name.casefold()):
        return Kind.PHONE
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    count = len(sample)
    if sum("@" in text for text in sample) > 0.6 * count:
        return Kind.EMAIL
    if sum(spelling.like_date(text) for text in sample) > 0.6 * count:
        return Kind.DATE
    words = sum(text.count(" ") + 1 for text in sample) / count
    numbered = sum(any(sign.isdigit() for sign in text) for text in sample) / count
    length = sum(map(len, sample)) / count
    if (numbered > 0.6 and words < 2) or length <= 3.5:
        return Kind.CODE
    return Kind.TEXT if words > 1.6 else Kind.NAME


_NORMAL: Final[dict[Kind, Callable[[str], str]]] = {
    Kind.NAME: spelling.name,
    Kind.DATE: spelling.date,
    Kind.CODE: lambda text: text.replace(" ", ""),
    Kind.TEXT: lambda text: text,
    Kind.EMAIL: contact_text,
    Kind.PHONE: lambda text: spelling.digits(text)[-9:],
}


def _ready(column: Column, codes: Codes, *, persons: bool) -> Field:
    kind = kind_of(column.name, column.texts)
    normal = list(map(_NORMAL[kind], column.texts))
    texts, numbers = _numbered(normal)
    own = _through(codes, numbers)
    counts = np.bincount(own[own >= 0], minlength=len(texts))
    made = Field(
        column.name, kind, own, np.array([*texts, None], dtype=object)[:-1], counts, _personal(column.name, kind, texts, counts, persons=persons),
        lengths=np.fromiter(map(len, texts), np.int16, len(texts)),
    )
    if kind is Kind.NAME:
        heard, numbers = _numbered([spelling.sound(text) for text in texts])
        made.sounds = numbers
        made.sound_lengths = np.fromiter(map(len, heard), np.int16, len(heard))[numbers] if heard else np.empty(0, np.int16)
        made.foreign = np.fromiter((spelling.persian(text) for text in texts), np.bool_, len(texts))
    if kind is Kind.DATE:
        made.parts = np.array(
            [(int(t[:4]), int(t[4:6]), int(t[6:])) if len(t) == 8 else (-1, -1, -1) for t in texts], dtype=np.int16
        ).reshape(-1, 3)
    if kind is Kind.EMAIL:
        made.local = _numbered([_local(text) for text in texts])[1]
    made.keys = {label: _through(own, numbers) for label, numbers in _coarse(made, texts)}
    return made


def _numbered(texts: Sequence[str]) -> tuple[list[str], Codes]:
    """The distinct texts, and for each text its number among them (-1 for an empty one)."""
    known: dict[str, int] = {}
    numbers = np.fromiter((known.setdefault(text, len(known)) if text else MISSING for text in texts), np.int32, len(texts))
    return list(known), numbers


def _through(codes: Codes, numbers: Codes) -> Codes:
    """Codes of profiles by way of what their values became."""
    if not len(numbers):
        return np.full(len(codes), MISSING, np.int32)
    return np.where(codes == MISSING, np.int32(MISSING), numbers[codes]).astype(np.int32)


def _personal(name: str, kind: Kind, texts: Sequence[str], counts: npt.NDArray[np.int64], *, persons: bool) -> bool:
    if not persons and (name == "name" or kind in {Kind.PHONE, Kind.EMAIL}):
        return True  # of an organisation: what its neighbours in the street do not share
    if name in {"given_name", "birthday", "username", "email"}:
        return True
    if kind is Kind.DATE:
        years = sorted(int(text[:4]) for text in texts[:: max(1, len(texts) // _SAMPLE)] if len(text) == 8)
        return len(years) > 1 and years[len(years) * 9 // 10] - years[len(years) // 10] >= 15
    lengths = sum(map(len, texts)) / len(texts) if texts else 0
    return kind is Kind.CODE and not _PLACE.search(name.casefold()) and lengths >= 5 and len(texts) >= 0.15 * int(counts.sum()) and int(np.median(counts)) <= 2


def _coarse(made: Field, texts: Sequence[str]) -> list[tuple[str, Codes]]:
    if made.kind is Kind.NAME:
        assert made.sounds is not None
        return [("sound", made.sounds), ("start", _numbered([text[:4] for text in texts])[1])]
    if made.kind is Kind.DATE:
        return [
            ("day", np.arange(len(texts), dtype=np.int32)), ("year", _numbered([text[:4] for text in texts])[1]),
            ("month and day", _numbered(["".join(sorted((text[4:6], text[6:]))) for text in texts])[1]),
        ]
    if made.kind is Kind.TEXT:
        return [("word", _numbered([max(text.split(), key=len, default="") for text in texts])[1])]
    if made.kind is Kind.EMAIL:
        assert made.local is not None
        return [("local part", made.local)]
    if made.kind is Kind.PHONE:
        return [("end", _numbered([text[-7:] for text in texts])[1])]
    return [("value", np.arange(len(texts), dtype=np.int32))]


def _local(address: str) -> str:
    """The local part without dots and what follows a plus: `ada.l7+shop@x` and `adal7@y` meet."""
    return address.partition("@")[0].partition("+")[0].replace(".", "")


def field_names(made: Sequence[Field]) -> dict[str, int]:
    """Places of the fields by name."""
    return {each.name: place for place, each in enumerate(made)}


def describes(made: Sequence[Field]) -> list[dict[str, Any]]:
    """What was compared how, for the record of a scan."""
    return [{"field": each.name, "kind": each.kind.value, "distinct": len(each.texts), "personal": each.personal} for each in made]


def sorted_order(made: Sequence[Field], count: int) -> npt.NDArray[np.int32]:
    """A rank for each profile in which likely twins stand near: by the two names that tell most, then by the rest in order."""
    ranks = []
    for each in [*(e for e in made if e.kind is Kind.NAME), *(e for e in made if e.kind is Kind.DATE)][:3]:
        order = np.argsort(np.array([str(text) for text in each.texts]))
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        ranks.append(_through(each.codes, rank))
    if not ranks:
        return np.arange(count, dtype=np.int32)
    places = np.lexsort(ranks[::-1])
    result = np.empty(count, np.int32)
    result[places] = np.arange(count, dtype=np.int32)
    return result


__all__ = ["MAX_COMPARED", "Field", "Kind", "chosen", "describes", "field_names", "kind_of", "sorted_order"]
