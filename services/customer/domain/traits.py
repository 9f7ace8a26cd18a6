"""Traits with provenance: one name for many spellings, and a join in which the order of arrival decides nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from services.customer.domain import contact

MAX_TRAITS: Final = 500
MAX_NAME: Final = 100

#: How far a teller is trusted: a higher rank is never overwritten by a lower one.
#: `TAKEN_BACK` stands in the history only: the document has no such trait any more.
TAKEN_BACK, IMPLIED, EXTERNAL, BROWSER, SERVER = -1, 0, 1, 2, 3
RANKS: Final = {"external": EXTERNAL, "browser": BROWSER, "server": SERVER}

_SAME: Final = {
    "email": ("email", "e_mail", "email_address"),
    "phone": ("phone", "phone_number", "mobile", "mobile_phone"),
    "name": ("name", "full_name", "display_name"),
    "given_name": ("given_name", "first_name"),
    "family_name": ("family_name", "last_name", "surname"),
    "language": ("language", "locale", "preferred_language"),
    "birthday": ("birthday", "birthdate", "birth_date", "date_of_birth"),
    "gender": ("gender",),
    "address": ("address",),
    "title": ("title",),
    "username": ("username", "user_name"),
    "avatar": ("avatar",),
    "website": ("website",),
    "company": ("company",),
    "created_at": ("created_at",),
    "time_zone": ("time_zone", "timezone"),
}
_CANONICAL: Final = {spelling: name for name, spellings in _SAME.items() for spelling in spellings}
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: Where a source speaks of itself rather than of the person.
NEVER: Final = frozenset({"id", "userId", "user_id", "anonymousId", "anonymous_id", "hidden_fields"})
#: The fields a person hid: kept as a trait, so that it is joined, parted and taken along like one, but told by the person alone.
HIDDEN: Final = "hidden_fields"
#: By these people are recognised and reached; who does not want that withdraws the channel.
UNHIDABLE: Final = frozenset({"email", "phone"})


class Trait(msgspec.Struct, frozen=True, array_like=True):
    """A value and where it comes from. `position` is (offset, partition) in the log, (-1, -1) for the API; None as value: removed."""

    value: Any
    rank: int
    at: datetime
    position: tuple[int, int]
    event_id: str
    source: str

    @property
    def stamp(self) -> tuple[int, datetime, tuple[int, int], str]:
        """What decides between two values: trust, then the later time, then the later place in the log. A total order."""
        return (self.rank, self.at, self.position, self.event_id)


Traits = dict[str, Trait]


class Told(NamedTuple):
    """One word of a trait as the history keeps it: under which identity it was told (None: of the customer as such).

    `aside`: another value counted more, so the document never had it; it counts should the other one go.
    """

    name: str
    trait: Trait
    identity: bytes | None = None
    aside: bool = False


#: By trait: the sources that have the last word on it, and how much they weigh; everybody else weighs nothing.
Weights = Mapping[str, Mapping[str, int]]

_NEVER_TOLD: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EQUAL: Final[Weights] = {}


def implied(value: str, *, source: str) -> Trait:
    """An address that follows from an identity. It has no time of its own: of several the greatest counts, in any order of arrival."""
    return Trait(value, IMPLIED, _NEVER_TOLD, (-1, -1), value, source)

_decode = msgspec.json.Decoder(dict[str, Trait]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def read(document: str | bytes) -> Traits:
    """Traits as they are stored."""
    return _decode(document)


def written(traits: Mapping[str, Trait]) -> str:
    """Traits as they are stored (JSON)."""
    return _encode(traits).decode()


def standard_name(sent: str) -> str:
    """The one name of a trait: `firstName`, `first_name` and `given_name` are `given_name`; a free trait keeps its name."""
    snake = _CAMEL.sub("_", sent).replace("-", "_").casefold()
    return _CANONICAL.get(snake, sent)


def usable_name(sent: str) -> str | None:
    """The one name of a trait somebody asks for; None for what no trait can be called."""
    name = standard_name(sent)
    return name if name and len(name) <= MAX_NAME and name not in NEVER and storable(name) else None


def storable(value: Any, *, depth: int = 16) -> bool:
    """Whether a JSON value can be kept: no NUL, no half of a surrogate pair, finite numbers, at most 16 levels."""
    match value:
        case str():
            return "\x00" not in value and (value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value))
        case float():
            return math.isfinite(value)
        case int():
            return -(2**63) <= value < 2**63
        case list():
            return depth > 0 and all(storable(item, depth=depth - 1) for item in value)
        case dict():
            return depth > 0 and all(storable(name) and storable(item, depth=depth - 1) for name, item in value.items())
        case _:
            return value is None


class Cleaned(msgspec.Struct):
    """The traits of one event after cleaning, and the names of those that were left out; `refused` are these as sent, where they have a name."""

    values: dict[str, Any]
    left_out: list[str]
    refused: dict[str, Any] = {}


def cleaned(sent: Mapping[str, Any], *, region: str | None) -> Cleaned:
    """Standard names, one spelling of contact points. An unusable e-mail address is left out; a number that cannot be read stays as sent."""
    told = Cleaned({}, [])
    for name in sorted(sent, key=lambda name: (standard_name(name) == name, name)):  # the standard spelling comes last and wins
        if name in NEVER:
            continue
        standard, value = standard_name(name), sent[name]
        if not standard or len(standard) > MAX_NAME:
            told.left_out.append("name")
            continue
        if standard == "email" and value is not None:
            try:
                value = contact.normal_email(value) if isinstance(value, str) else None
            except contact.BadContact:
                value = None
            if value is None or contact.refused(value):
                told.left_out.append("email")
                told.refused["email"] = sent[name]
                continue
        elif standard == "phone" and value is not None:
            value = readable_phone(value, region=region)
            if value is None:
                told.left_out.append("phone")
                told.refused["phone"] = sent[name]
                continue
        told.values[standard] = value
    return told


def readable_phone(value: Any, *, region: str | None) -> str | None:
    """E.164 where the number can be read, else the text as sent; None for what is no text or number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return contact.normal_phone(value, region=region)
    except contact.BadContact:
        return contact.latin_digits(value).strip()[:40]


def joined(documents: Iterable[Mapping[str, Trait]], weights: Weights = _EQUAL) -> Traits:
    """The profile that several documents make together: per name the trait whose source weighs most, then with the highest stamp.

    Commutative, associative and idempotent: any order and any repetition of the same events gives the same result.
    """
    result: Traits = {}
    for document in documents:
        for name, trait in document.items():
            present = result.get(name)
            if present is None or beats(name, trait, present, weights):
                result[name] = trait
    return result


def beats(name: str, trait: Trait, present: Trait, weights: Weights = _EQUAL) -> bool:
    """Whether a value takes the place of the present one."""
    listed = weights.get(name)
    if listed is None:
        return trait.stamp > present.stamp
    return (weight(trait, listed), trait.stamp) > (weight(present, listed), present.stamp)


def weight(trait: Trait, listed: Mapping[str, int]) -> int:
    """By the very source (`api:ak_1`) or by the part before its colon (`api`); what only follows from an identity weighs nothing."""
    if trait.rank == IMPLIED:
        return 0
    return listed.get(trait.source) or listed.get(trait.source.partition(":")[0], 0)


def patched(value: Any, patch: Any) -> Any:
    """A value after a merge-patch (RFC 7396): objects are merged member by member, null takes a member away, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), member)
    return result


def hidden_in(profile: Mapping[str, Trait]) -> frozenset[str]:
    """The names of the fields that the person hid."""
    trait = profile.get(HIDDEN)
    return frozenset(trait.value) if trait is not None and isinstance(trait.value, list) else frozenset()


def values(traits: Mapping[str, Trait]) -> dict[str, Any]:
    """The present values by name, without those that were removed."""
    return {name: trait.value for name, trait in sorted(traits.items()) if trait.value is not None}


def changed(before: Mapping[str, Trait], after: Mapping[str, Trait]) -> list[str]:
    """The names whose value is another one now."""
    old, new = values(before), values(after)
    return sorted(name for name in old.keys() | new.keys() if name not in old or name not in new or old[name] != new[name])


def text_of(profile: Mapping[str, Any], name: str) -> str | None:
    """A standard trait as text, or None."""
    value = profile.get(name)
    return value if isinstance(value, str) and value else None


def full_name(profile: Mapping[str, Any]) -> str | None:
    """`name`, else given and family name together."""
    parts = [text_of(profile, "given_name"), text_of(profile, "family_name")]
    return text_of(profile, "name") or " ".join(part for part in parts if part) or None
