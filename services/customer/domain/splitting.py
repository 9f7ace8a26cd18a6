"""One identity taken out of a customer: what was told under it goes along, what others told comes to count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.customer.domain import traits
from services.customer.domain.traits import Told, Traits, Weights


class Divided(NamedTuple):
    """The document that goes with the identity, and what takes the place of its values in the one that stays (None: nothing)."""

    going: Traits
    instead: dict[str, traits.Trait | None]


def divided(document: Traits, told: Sequence[Told], *, identity: bytes, weights: Weights) -> Divided:
    """Divide a document by everything that was ever told under its customer."""
    # What came to count again stands once more without its teller.
    named = {(each.name, each.trait.stamp) for each in told if each.identity is not None}
    words = [
        each for each in told
        if each.trait.rank != traits.TAKEN_BACK and (each.identity is not None or (each.name, each.trait.stamp) not in named)
    ]
    going = traits.joined(({each.name: each.trait} for each in words if each.identity == identity), weights)
    others = traits.joined(({each.name: each.trait} for each in words if each.identity != identity), weights)
    return Divided(going, {name: others.get(name) for name, trait in document.items() if going.get(name) == trait})
