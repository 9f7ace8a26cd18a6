"""What every fitter takes and gives: a frame of customers in, a model with its quality, explanation and scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from services.analytics.domain.models.purchasing import Floats, NotEnoughData

Say: TypeAlias = Callable[[float], None]
Columns: TypeAlias = dict[str, npt.NDArray[Any]]

#: Fewer customers than this on either side of a question say too little about it.
LEAST_CASES: Final = 50


class Job(NamedTuple):
    """A frame (columns of equal length), what was asked, what the frame was made with, and the artefact of the model in use."""

    columns: Columns
    options: dict[str, Any]
    about: dict[str, Any]
    previous: Columns | None = None

    @property
    def size(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


class Result(NamedTuple):
    """`comparison`: {measure, higher_is_better, new, old} on the same data, `old` None without a model before.

    `scores`: for each row of the frame None or {value, number, parts}.
    """

    method: str
    source: str
    data: dict[str, Any]
    quality: dict[str, Any]
    explanation: dict[str, Any]
    artefact: Columns
    comparison: dict[str, Any]
    scores: Iterator[dict[str, Any] | None] | None = None


def compared(measure: str, new: float, old: float | None, *, higher: bool) -> dict[str, Any]:
    """The comparison on which a model is taken into use."""
    return {"measure": measure, "higher_is_better": higher, "new": rounded(new), "old": None if old is None else rounded(old)}


def rounded(value: float, digits: int = 6) -> float | None:
    """For people; null instead of what is no number."""
    return round(float(value), digits) if np.isfinite(value) else None


def short(number: float) -> str:
    """Three digits: a score is told again only when it moved so far."""
    return np.format_float_positional(float(f"{number:.3g}"), trim="-") if np.isfinite(number) else ""


def numbers(values: npt.NDArray[Any]) -> Floats:
    """Texts as numbers, NaN where there is none."""
    if values.dtype.kind in "fiub":
        return values.astype(float)
    found = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        try:
            found[place] = float(value)
        except (TypeError, ValueError):
            continue
    return found


def need(count: int, least: int, what: str) -> None:
    """Raises NotEnoughData."""
    if count < least:
        raise NotEnoughData(f"not enough data: {count} {what}, {least} are needed")
