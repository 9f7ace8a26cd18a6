"""The probability that a pair is one person, and what speaks for and against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching import comparing
from services.customer.domain.matching.columns import Places
from services.customer.domain.matching.comparing import DIFFERENT, NOTHING, SAME
from services.customer.domain.matching.estimating import Adjust, Floats, Found, Model, posterior
from services.customer.domain.matching.fields import Field, field_names

#: Pairs whose levels are in memory at a time.
CHUNK: Final = 400_000


class Scored(NamedTuple):
    """Pairs by place, their probability, the probability of one household, and what each field says."""

    low: Places
    high: Places
    score: Floats
    household: Floats
    levels: Found
    swapped: npt.NDArray[np.bool_]

    def only(self, wanted: npt.NDArray[np.bool_] | Places) -> Scored:
        return Scored(
            self.low[wanted], self.high[wanted], self.score[wanted], self.household[wanted], self.levels[:, wanted], self.swapped[wanted]
        )


def joined(parts: Sequence[Scored]) -> Scored:
    return Scored(
        np.concatenate([part.low for part in parts]), np.concatenate([part.high for part in parts]),
        np.concatenate([part.score for part in parts]), np.concatenate([part.household for part in parts]),
        np.concatenate([part.levels for part in parts], axis=1), np.concatenate([part.swapped for part in parts]),
    )


def rarity(field: Field, same: float) -> Floats:
    """Per value, what it adds that just this one is shared: a rare surname more, a common one less (Winkler 2000).

    `same` is how often strangers agree on the average; the pair itself does not count for the frequency of its value.
    """
    total = max(field.filled, 2)
    expected = (np.maximum(field.counts - 2, 0) + min(1.0, same * total)) / total
    gain: Floats = np.clip(np.log(same / np.maximum(expected, same / 50)), -6.0, 4.0)
    return gain


@dataclass
class Scorer:
    """A model together with the fields it is for."""

    fields: Sequence[Field]
    model: Model | None = None

    def __post_init__(self) -> None:
        places = field_names(self.fields)
        self._names = (places["given_name"], places["family_name"]) if {"given_name", "family_name"} <= places.keys() else None
        self._rarity: list[Floats] = []

    def use(self, model: Model) -> None:
        """Score by this model from now on."""
        self.model = model
        self._rarity = [rarity(field, float(model.u[place][SAME])) for place, field in enumerate(self.fields)]

    def levels(self, low: Places, high: Places) -> tuple[Found, npt.NDArray[np.bool_]]:
        """The level of each field (rows) for each pair, and the pairs whose names are swapped."""
        found = np.stack([comparing.levels(field, low, high) for field in self.fields])
        return found, self._swapped(found, low, high)

    def _swapped(self, found: Found, low: Places, high: Places) -> npt.NDArray[np.bool_]:
        if self._names is None:
            return np.zeros(len(low), np.bool_)
        return comparing.swapped(self.fields, *self._names, low, high, found)

    def adjust(self, found: Found, low: Places) -> Adjust:
        """What the rarity of the values that agree adds, for one person and (without personal fields) for one household."""
        person, house = np.zeros(found.shape[1]), np.zeros(found.shape[1])
        for place, field in enumerate(self.fields):
            same = np.flatnonzero(found[place] == SAME)
            gain = self._rarity[place][field.codes[low[same]]]
            person[same] += gain
            if not field.personal:
                house[same] += gain
        return person, house

    def score(self, low: Places, high: Places, *, least: float) -> Iterator[Scored]:
        """Pairs with at least this probability, chunk by chunk. What cannot reach it is dropped before all fields are compared."""
        for begin in range(0, len(low), CHUNK):
            yield self._chunk(low[begin : begin + CHUNK], high[begin : begin + CHUNK], least)

    def _chunk(self, low: Places, high: Places, least: float) -> Scored:
        found, low, high = self._promising(low, high, least)
        swapped = self._swapped(found, low, high)
        assert self.model is not None
        score, house = posterior(self.model, found, self.adjust(found, low))
        return Scored(low, high, score, house, found, swapped).only(score >= least)

    def _promising(self, low: Places, high: Places, least: float) -> tuple[Found, Places, Places]:
        """The levels of the pairs that can reach `least`: equality of all fields first, which is cheap, then field by field."""
        assert self.model is not None
        gain = np.log(self.model.m) - np.log(self.model.u)
        best = gain[:, :SAME].max(axis=1)  # of two values that are not the same
        found = np.empty((len(self.fields), len(low)), np.int8)
        bound = np.full(len(low), np.log(self.model.match) - np.log(least / (1 - least)))
        open_: list[npt.NDArray[np.bool_]] = []
        for place, field in enumerate(self.fields):
            a, b = field.codes[low], field.codes[high]
            there = (a >= 0) & (b >= 0)
            same = there & (a == b)
            found[place] = np.where(same, SAME, np.where(there, DIFFERENT, NOTHING))
            bound += np.where(same, gain[place][SAME] + self._rarity[place][a], np.where(there, best[place], 0.0))
            open_.append(there & ~same)
        unclear = np.stack(open_) if open_ else np.zeros((0, len(low)), np.bool_)
        for place in self._last_names():
            hopeful = bound >= 0
            found, unclear, bound, low, high = found[:, hopeful], unclear[:, hopeful], bound[hopeful], low[hopeful], high[hopeful]
            asked = np.flatnonzero(unclear[place])
            found[place][asked] = comparing.levels(self.fields[place], low[asked], high[asked])
            if self._names is None or place not in self._names:  # names may turn out to be swapped
                bound[asked] += gain[place][found[place][asked]] - best[place]
        return found, low, high

    def _last_names(self) -> list[int]:
        """Fields in the order of comparing: what tells strangers apart best first, names last."""
        assert self.model is not None
        fall = np.log(self.model.m[:, DIFFERENT]) - np.log(self.model.u[:, DIFFERENT])
        names = set(self._names or ())
        return sorted(range(len(self.fields)), key=lambda place: (place in names, fall[place]))

    def weights(self, scored: Scored) -> Floats:
        """Per field and pair the evidence in bits: above 0 speaks for one person, below against; 0 where a value is missing."""
        assert self.model is not None
        bits = np.zeros(scored.levels.shape)
        for place, field in enumerate(self.fields):
            there = np.flatnonzero(scored.levels[place] != NOTHING)
            level = scored.levels[place][there]
            bits[place][there] = np.log(self.model.m[place][level] / self.model.u[place][level])
            same = np.flatnonzero(scored.levels[place] == SAME)
            bits[place][same] += self._rarity[place][field.codes[scored.low[same]]]
        bits /= np.log(2)
        return bits
