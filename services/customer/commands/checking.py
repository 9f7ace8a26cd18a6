"""Traits as somebody sends them by hand or from another system: all of them fit, or the request is refused with the place and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from contracts import cards
from services.customer import errors
from services.customer.domain import traits
from services.customer.domain.definitions import Definitions
from services.customer.settings import CustomerService

#: Of one trait; events are bounded by the collector, requests here.
MAX_VALUE_BYTES: Final = 16 * 1024


def checked_traits(
    service: CustomerService, definitions: Definitions, sent: Mapping[str, Any], *, present: Mapping[str, traits.Trait] | None = None
) -> dict[str, Any]:
    """Traits under their standard names, in one spelling, each fitting its definition. Raises Invalid `customer.bad_trait`.

    With `present` the traits are a merge-patch of these (RFC 7396): an object changes the members it names.
    """
    card = cards.find_number(sent)
    if card is not None:
        raise errors.card_number(card)
    for name, value in sent.items():
        if not traits.storable(name):
            raise errors.bad_trait("", "A trait has a name that cannot be stored.")
        _check_storable(name, value)
    clean = traits.cleaned(sent, region=service.settings.default_region or None)
    if "email" in clean.left_out:
        raise errors.bad_trait("email", "This is no e-mail address.")
    if clean.left_out:
        raise errors.bad_trait(clean.left_out[0], "This trait has no usable name or value.")
    spelt = {traits.standard_name(name): name for name in sent}
    for name, value in clean.values.items():
        if present is not None and isinstance(value, dict):
            value = clean.values[name] = traits.patched(present[name].value if name in present else None, value)
            _check_storable(spelt.get(name, name), value)
        misfit = definitions.misfit(name, value)
        if misfit is not None:
            raise errors.misfitting_trait(spelt.get(name, name), misfit.pointer, name, misfit.reason)
    return clean.values


def _check_storable(name: str, value: Any) -> None:
    if not traits.storable(value) or len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
        raise errors.bad_trait(name[:100], "The value cannot be stored: NUL, broken text, too large or too deep.")
