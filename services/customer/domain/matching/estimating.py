"""How often values agree between records of one person and between strangers, learnt without examples.

The model of Fellegi and Sunter (1969), fitted by expectation and maximisation as Winkler (1988, 2000) proposes, with a third class for
strangers who share a household or a neighbourhood (Winkler 1993): surname, street, town and telephone agree there for one common reason,
which the assumption of independence would count many times over.

- `m`: probability of each level of agreement between two records of one person
- `h`: the same between two people of one household; for personal fields (given name, birthday) it is nearly as between strangers
- `u`: the same between any two strangers: exact agreement from the frequencies of values, the other levels from random pairs

Candidates carry all probable matches, so the pairs that were not compared count as strangers. Dirichlet priors keep small data sensible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.customer.domain.matching.comparing import DIFFERENT, LEVELS, SAME, SIMILAR
from services.customer.domain.matching.fields import Field, Kind

Floats = npt.NDArray[np.float64]
Found = npt.NDArray[np.int8]

_ROUNDS: Final = 60
_ENOUGH: Final = 1e-4
#: Strength of the priors, in pairs.
_M_PRIOR: Final = 12.0
_H_PRIOR: Final = 12.0
#: How often what is personal is shared in a household all the same: twins, a name that runs in the family; never a number of the person.
_RUNS_IN_FAMILIES: Final = {Kind.DATE: 0.01, Kind.NAME: 0.02, Kind.CODE: 0.0005, Kind.EMAIL: 0.03, Kind.PHONE: 0.03, Kind.TEXT: 0.02}
#: What hardly ever changes; and what of it may at most differ between records of one person, whatever a sample suggests.
_FIRMER: Final = {"name", "given_name", "family_name", "birthday"}
_FIRM: Final = 0.3
#: Of all pairs that agree exactly at least one in so many is one of strangers: a wrong guess of the matches must not feed itself.
_SHARE_OF_STRANGERS: Final = 12.0


@dataclass
class Model:
    """Per field and level (different, similar, near, same) the probabilities in the three classes, and the classes' shares of all pairs."""

    m: Floats
    h: Floats
    u: Floats
    match: float
    household: float

    def to_json(self, fields: Sequence[Field]) -> dict[str, Any]:
        """What was learnt, by name of the field."""
        return {
            "match": self.match, "household": self.household,
            "fields": {
                field.name: {"m": self.m[place].tolist(), "h": self.h[place].tolist(), "u": self.u[place].tolist()}
                for place, field in enumerate(fields)
            },
        }


def prior(field: Field) -> Floats:
    """How values of one person agree before anything is known: people change address and number, seldom name and birthday."""
    different = 0.08 if field.name in _FIRMER else 0.3
    return np.array([different, 0.05, 0.1, 0.85 - different])


def pairs_of(field: Field) -> float:
    """Pairs of records that both have the field."""
    return max(field.filled * (field.filled - 1) / 2, 1.0)


def strangers(fields: Sequence[Field], random: Found, weights: Floats, m: Floats, match: float) -> Floats:
    """`u` from random pairs, weighted by how certain it is that they are strangers; exact agreement from the values' frequencies."""
    result = np.empty((len(fields), LEVELS))
    for place, field in enumerate(fields):
        counts = np.bincount(random[place][random[place] >= 0], weights[random[place] >= 0], LEVELS)
        total = counts.sum() + 2.0
        shares = (counts + np.array([1.0, 0.3, 0.3, 0.0])) / total
        seen = max(field.collision, 0.5 / pairs_of(field))
        same = min(0.98, max((seen - match * m[place][SAME]) / (1 - match), seen / _SHARE_OF_STRANGERS))
        shares[SAME] = same
        shares[:SAME] *= (1 - same) / shares[:SAME].sum()
        result[place] = shares
    return result


def log_likelihood(table: Floats, found: Found) -> Floats:
    """The logarithm of the probability of each pair's levels; a missing value says nothing."""
    padded = np.hstack([np.log(table), np.zeros((len(table), 1))])  # level -1 reads the last column
    total = np.zeros(found.shape[1])
    for place in range(len(table)):
        total += padded[place][found[place]]
    return total


#: What the rarity of shared values adds (natural logarithm): for one person, and for one household.
Adjust = tuple[Floats, Floats]


def posterior(model: Model, found: Found, adjust: Adjust | None = None) -> tuple[Floats, Floats]:
    """For each pair the probability that it is one person, and that it is two of one household."""
    match = np.log(model.match) + log_likelihood(model.m, found)
    house = np.log(max(model.household, 1e-300)) + log_likelihood(model.h, found)
    if adjust is not None:
        match, house = match + adjust[0], house + adjust[1]
    stranger = np.log(max(1 - model.match - model.household, 1e-9)) + log_likelihood(model.u, found)
    top = np.maximum(np.maximum(match, house), stranger)
    parts = np.exp(np.stack([match, house, stranger]) - top)
    parts /= parts.sum(axis=0)
    return parts[0], parts[1]


def fit(
    fields: Sequence[Field], found: Found, random: Found, *, count: int, scale: float, adjust: Adjust | None = None, start: Model | None = None
) -> Model:
    """EM over `found` (levels of a sample of the candidates, each standing for `scale` of them) and `random` (levels of random pairs)."""
    pairs = count * (count - 1) / 2
    priors = np.stack([prior(field) for field in fields])
    personal = np.array([field.personal for field in fields])
    firm = np.array([field.personal or field.name in _FIRMER for field in fields])
    m = priors.copy() if start is None else start.m
    match = min(0.3, 0.05 * count / pairs) if start is None else start.match
    u = strangers(fields, random, np.ones(random.shape[1]), m, match)
    h = _household(fields, personal, u, m, None)
    households = personal.sum() >= 2 and (~personal).sum() >= 1
    model = Model(m, h, u, match, match if households else 0.0)
    for _ in range(_ROUNDS):
        before = model.match
        one, house = posterior(model, found, adjust)
        alone, near = posterior(model, random)
        m = _firm(_shares(found, one, priors * _M_PRIOR / scale), firm)
        u = strangers(fields, random, 1 - alone - near, m, model.match)
        h = _household(fields, personal, u, m, _shares(found, house, _place_prior(fields) * _H_PRIOR / scale))
        match = (one.sum() * scale + 0.2) / pairs
        household = (house.sum() * scale + 0.2) / pairs if households else 0.0
        model = Model(m, h, u, min(match, 0.5), min(household, 0.4))
        if abs(model.match - before) < _ENOUGH * before:
            break
    return model


def _shares(found: Found, weights: Floats, pseudo: Floats) -> Floats:
    """Shares of the levels, weighted; at least one in ten thousand each."""
    rows = []
    for place in range(len(found)):
        there = found[place] >= 0
        counts = np.bincount(found[place][there], weights[there], LEVELS) + pseudo[place]
        rows.append(np.maximum(counts / counts.sum(), 1e-4))
    table = np.stack(rows)
    table /= table.sum(axis=1, keepdims=True)
    return table


def _firm(m: Floats, firm: npt.NDArray[np.bool_]) -> Floats:
    """Without this bound the class of matches could turn into the class of neighbours, where there are many of these."""
    over = firm & (m[:, DIFFERENT] > _FIRM)
    m[over, 1:] *= ((1 - _FIRM) / m[over, 1:].sum(axis=1))[:, None]
    m[over, DIFFERENT] = _FIRM
    return m


def _place_prior(fields: Sequence[Field]) -> Floats:
    shared = {"family_name"}
    return np.stack(
        [np.array([0.2, 0.05, 0.1, 0.65]) if field.name in shared or field.kind is not Kind.NAME else np.array([0.3, 0.05, 0.1, 0.55]) for field in fields]
    )


def _household(fields: Sequence[Field], personal: npt.NDArray[np.bool_], u: Floats, m: Floats, learnt: Floats | None) -> Floats:
    """Two people of one household: what is personal agrees hardly more often than between strangers (twins, names that run in a family)."""
    table = _place_prior(fields) if learnt is None else learnt
    shared = np.array([_RUNS_IN_FAMILIES.get(field.kind, 0.02) for field in fields])[:, None]
    return np.where(personal[:, None], (1 - shared) * u + shared * m, table)


__all__ = ["DIFFERENT", "SIMILAR", "Model", "fit", "log_likelihood", "posterior", "prior", "strangers"]
