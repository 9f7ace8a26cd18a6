"""Attributes of customers as numbers: standardised figures, one column for each word, what is missing as a column of its own."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from services.analytics.domain.models.fitting import Columns, numbers
from services.analytics.domain.models.purchasing import Floats

#: More words than this of one attribute: the rarer ones count as one.
MOST_WORDS: Final = 20
#: From this share of figures on an attribute is a number.
_NUMERIC: Final = 0.95


class Attribute(NamedTuple):
    """How one attribute becomes columns: `words` of a text, or middle and spread of a number (`logged`: of log(1 + |v|) with its sign)."""

    name: str
    words: tuple[str, ...]
    middle: float
    spread: float
    missing: bool
    logged: bool


class Encoder(NamedTuple):
    """Attributes in their order and the names of the columns they become."""

    attributes: tuple[Attribute, ...]
    columns: tuple[str, ...]

    def encode(self, columns: Columns) -> Floats:
        """A matrix, one row a customer."""
        parts: list[Floats] = []
        for one in self.attributes:
            values = columns[one.name]
            if one.words:
                texts = as_texts(values)
                parts += [(texts == word).astype(float) for word in one.words[1:]]
            else:
                figures = numbers(values)
                gaps = ~np.isfinite(figures)
                scaled = (_logged(figures) if one.logged else figures) - one.middle
                parts.append(np.where(gaps, 0.0, np.clip(scaled / one.spread, -8, 8)))
                if one.missing:
                    parts.append(gaps.astype(float))
        return np.column_stack(parts) if parts else np.zeros((0, 0))


def learn(columns: Columns, names: list[str], *, logged: bool = True) -> Encoder:
    """An encoder for these attributes; those that are the same for everybody become nothing."""
    attributes, titles = [], []
    for name in names:
        values = columns[name]
        figures = numbers(values)
        there = np.isfinite(figures)
        texts = as_texts(values)
        filled = int((texts != "").sum())
        if filled and there.sum() >= _NUMERIC * filled and len(np.unique(figures[there])) > 2:
            skewed = logged and name not in {"recency_days", "age_days"} and _is_skewed(figures[there])
            used = _logged(figures[there]) if skewed else figures[there]
            missing = bool(0 < (~there).sum() < len(values))
            attributes.append(Attribute(name, (), float(used.mean()), float(used.std()) or 1.0, missing, skewed))
            titles += [name, *([f"{name} is missing"] if missing else [])]
        else:
            words, counts = np.unique(texts, return_counts=True)
            # The most frequent word is what the others are compared with.
            kept = tuple(str(word) for word in words[np.argsort(-counts, kind="stable")][:MOST_WORDS])
            if len(kept) > 1:
                attributes.append(Attribute(name, kept, 0.0, 1.0, False, False))
                titles += [f"{name} = {word or '(none)'}" for word in kept[1:]]
    return Encoder(tuple(attributes), tuple(titles))


def as_texts(values: Any) -> Any:
    """Texts, the empty one where there is none."""
    if values.dtype.kind in "fiu":
        return np.array(["" if value != value else f"{value:g}" for value in values.astype(float)])  # noqa: PLR0124 - NaN
    return np.array(["" if value is None else str(value).lower() if isinstance(value, bool | np.bool_) else str(value) for value in values])


def _is_skewed(figures: Floats) -> bool:
    spread = figures.std()
    return bool(spread and abs(((figures - figures.mean()) ** 3).mean() / spread**3) > 2)


def _logged(figures: Floats) -> Floats:
    values: Floats = np.sign(figures) * np.log1p(np.abs(figures))
    return values
