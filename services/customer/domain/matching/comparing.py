"""How far two values agree, in four levels, for many pairs at once.

Jaro-Winkler (Winkler 1990) for names, Damerau-Levenshtein in its restricted form (optimal string alignment) for codes and dates,
token ratios for texts: all by rapidfuzz, called once per chunk of pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from services.customer.domain.matching.columns import Codes, Places
from services.customer.domain.matching.fields import Field, Kind

Levels = npt.NDArray[np.int8]

#: A value is missing: no evidence. The rest from "another value" to "the same".
NOTHING: Final = -1
DIFFERENT, SIMILAR, NEAR, SAME = 0, 1, 2, 3
LEVELS: Final = 4

_NEAR_NAME: Final = 0.92
_SIMILAR_NAME: Final = 0.82


def levels(field: Field, low: Places, high: Places) -> Levels:
    """The level of each pair of places."""
    a, b = field.codes[low], field.codes[high]
    result = np.full(len(a), NOTHING, np.int8)
    present = (a >= 0) & (b >= 0)
    result[present & (a == b)] = SAME
    apart = np.flatnonzero(present & (a != b))
    if len(apart):
        result[apart] = _apart(field, a[apart], b[apart])
    return result


def _apart(field: Field, a: Codes, b: Codes) -> Levels:
    match field.kind:
        case Kind.NAME:
            return _names(field, a, b)
        case Kind.DATE:
            return _dates(field, a, b)
        case Kind.TEXT:
            return _texts(field, a, b)
        case Kind.EMAIL:
            return _emails(field, a, b)
        case _:
            return _codes(field, a, b)


def _each(scorer: Any, first: npt.NDArray[np.object_], second: npt.NDArray[np.object_], **how: Any) -> npt.NDArray[Any]:
    return process.cpdist(first.tolist(), second.tolist(), scorer=scorer, workers=1, **how)


def names_alike(first: npt.NDArray[np.object_], second: npt.NDArray[np.object_]) -> Levels:
    """Levels of names in one spelling, by their letters alone."""
    alike = _each(JaroWinkler.normalized_similarity, first, second, dtype=np.float32)
    result = np.zeros(len(alike), np.int8)
    result[alike >= _SIMILAR_NAME] = SIMILAR
    result[alike >= _NEAR_NAME] = NEAR
    doubtful = np.flatnonzero((alike < _NEAR_NAME) & (alike >= 0.7))
    if len(doubtful):  # Jaro-Winkler is hard on a wrong first letter
        steps = _each(OSA.distance, first[doubtful], second[doubtful], score_cutoff=1, dtype=np.int32)
        longest = np.fromiter((len(text) for text in first[doubtful]), np.int16, len(doubtful))
        result[doubtful[(steps <= 1) & (longest >= 4)]] = NEAR
    return result


def _names(field: Field, a: Codes, b: Codes) -> Levels:
    result = names_alike(field.texts[a], field.texts[b])
    assert field.sounds is not None
    assert field.sound_lengths is not None
    assert field.foreign is not None
    sounds = (field.sounds[a] == field.sounds[b]) & (field.sound_lengths[a] >= 2)
    other_script = field.foreign[a] != field.foreign[b]
    result[sounds] = np.maximum(result[sounds], np.where(other_script[sounds], NEAR, SIMILAR).astype(np.int8))
    initial = np.flatnonzero((result == DIFFERENT) & ((field.lengths[a] == 1) | (field.lengths[b] == 1)))
    for place in initial:
        if field.texts[a[place]][0] == field.texts[b[place]][0]:
            result[place] = SIMILAR
    return result


def _dates(field: Field, a: Codes, b: Codes) -> Levels:
    assert field.parts is not None
    one, two = field.parts[a], field.parts[b]
    equal = (one == two) & (one >= 0)
    result = np.where(equal.sum(axis=1) >= 2, SIMILAR, DIFFERENT).astype(np.int8)
    steps = _each(OSA.distance, field.texts[a], field.texts[b], score_cutoff=1, dtype=np.int32)
    swapped = equal[:, 0] & (one[:, 1] == two[:, 2]) & (one[:, 2] == two[:, 1])
    result[(steps <= 1) | swapped] = NEAR
    return result


def _codes(field: Field, a: Codes, b: Codes) -> Levels:
    steps = _each(OSA.distance, field.texts[a], field.texts[b], score_cutoff=2, dtype=np.int32)
    longest = np.maximum(field.lengths[a], field.lengths[b])
    result = np.zeros(len(a), np.int8)
    result[((steps == 1) & (longest >= 3)) | ((steps == 2) & (longest >= 7))] = SIMILAR
    result[(steps == 1) & (longest >= 4)] = NEAR
    return result


def _texts(field: Field, a: Codes, b: Codes) -> Levels:
    first, second = field.texts[a], field.texts[b]
    ordered = _each(fuzz.token_sort_ratio, first, second, dtype=np.float32, score_cutoff=70)
    result = np.zeros(len(a), np.int8)
    result[ordered >= 72] = SIMILAR
    result[ordered >= 86] = NEAR
    rest = np.flatnonzero(result == DIFFERENT)
    if len(rest):
        result[rest[_each(fuzz.token_set_ratio, first[rest], second[rest], dtype=np.float32, score_cutoff=85) >= 85]] = SIMILAR
    return result


def _emails(field: Field, a: Codes, b: Codes) -> Levels:
    """Addresses are often made of names, so that alike ones say little of their own: near is one wrong sign, or another domain."""
    steps = _each(OSA.distance, field.texts[a], field.texts[b], score_cutoff=1, dtype=np.int32)
    local = field.local
    assert local is not None
    return np.where((local[a] == local[b]) | (steps <= 1), NEAR, DIFFERENT).astype(np.int8)


def swapped(fields: Sequence[Field], given: int, family: int, low: Places, high: Places, found: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Pairs whose given name is the other's family name and the other way round; their levels become NEAR in both fields."""
    one, two = fields[given], fields[family]
    result = np.zeros(len(low), np.bool_)
    asked = np.flatnonzero(
        (found[given] <= SIMILAR) & (found[given] >= 0) & (found[family] <= SIMILAR) & (found[family] >= 0)
    )
    if not len(asked):
        return result
    across = names_alike(one.texts[one.codes[low[asked]]], two.texts[two.codes[high[asked]]])
    asked = asked[across >= NEAR]
    back = names_alike(two.texts[two.codes[low[asked]]], one.texts[one.codes[high[asked]]]) if len(asked) else across[:0]
    asked = asked[back >= NEAR]
    result[asked] = True
    found[given][asked] = NEAR
    found[family][asked] = NEAR
    return result
