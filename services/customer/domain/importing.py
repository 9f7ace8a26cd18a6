"""Rows of a list of customers -> identities and traits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from chassis.tabular import Layout, Meanings, Row
from chassis.tabular.values import DIGITS, Refused, id_text, moment
from contracts import cards
from services.customer.domain import contact, exporting, identifying, traits
from services.customer.domain.definitions import Definitions

MEANINGS: Final = Meanings(
    "customers",
    ("user_id", "anonymous_id", "account_id", "email", "phone", "name", "given_name", "family_name", "updated_at"),
    {
        "userid": "user_id", "anonymousid": "anonymous_id", "accountid": "account_id", "first_name": "given_name", "firstname": "given_name",
        "last_name": "family_name", "lastname": "family_name", "surname": "family_name", "e_mail": "email", "mobile": "phone",
    },
)
MAX_VALUE_BYTES: Final = 16 * 1024
#: Plain text of this many signs fits whatever escapes it needs.
SHORT: Final = MAX_VALUE_BYTES // 8
#: Columns of an export that say nothing new when they come back.
_NOT_TRAITS: Final = frozenset({"id", "registered_at", "known", "version", "type"})
_IDS: Final = {"user_id": "user", "anonymous_id": "anon", "account_id": "account"}
_YES_NO: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_canonical: Final = msgspec.json.Encoder(order="sorted", decimal_format="string").encode


class Listed(NamedTuple):
    """What a row says: identities (`kind:value`, the primary one first), traits, and since when that is so (None: not said)."""

    identities: list[str]
    traits: dict[str, Any]
    at: datetime | None
    type: str


def read_row(row: Row, layout: Layout, definitions: Definitions, *, region: str | None, name: str) -> Listed:
    """Raises chassis.tabular.values.Refused with code and reason; never with what stood in the row."""
    cells = row.cells.copy()
    if cards.find_number(cells) is not None:
        raise Refused("card_number", "a payment card number stands in it: import the token of your payment provider instead")
    for column in _NOT_TRAITS & cells.keys():
        del cells[column]
    at = moment(cells.pop("updated_at"), "updated_at", layout) if "updated_at" in cells else None
    named = _identities(cells, region)
    told = _traits(cells, definitions, region)
    if not named and not any(told.get(kind) for kind in ("email", "phone")):
        if not told:
            raise Refused("empty_row", "the row says nothing of anybody")
        # Somebody without any identity is recognised by the same row of the same list.
        named = [f"ext:list:{name}:{hashlib.blake2b(_canonical(told), digest_size=16).hexdigest()}"]
    account = any(identity.startswith("account:") for identity in named)
    return Listed(named, told, at, "organisation" if account else "person")


def says_the_same(have: Any, told: Any) -> bool:
    """Whether a value told is the one that is there: in a CSV file or an export as Parquet a number, yes/no, list or object is the text an export writes."""
    return bool(have == told) or (isinstance(told, str) and not isinstance(have, str) and exporting.texts({"": have}, ("",))[""] == told)


def _identities(cells: dict[str, Any], region: str | None) -> list[str]:
    found = _listed(cells.pop("identities", None))
    for column in [name for name in cells if name in _IDS or name.startswith("ext:")]:
        text = id_text(cells.pop(column), column)
        if contact.refused(text):
            raise Refused(f"bad_{column}", f"{column} names nobody; leave the cell empty")
        kind = _IDS.get(column)
        try:
            found.append(str(identifying.normal_identity(f"{kind}:{text}" if kind else f"{column}:{text}", region=region)))
        except ValueError as error:
            raise Refused(f"bad_{column}", str(error)) from None
    return sorted(dict.fromkeys(found), key=lambda identity: (not identity.startswith("user:"), identity.startswith("anon:")))


def _listed(value: Any) -> list[str]:
    """The column `identities` of an export: a list of `kind:value`, in text formats as JSON. Raises Refused."""
    try:
        named = msgspec.json.decode(value, type=list[str]) if isinstance(value, str) else msgspec.convert(value or [], list[str])
        return [str(identifying.normal_identity(text, region=None)) for text in named]
    except (msgspec.DecodeError, ValueError):
        raise Refused("bad_identities", "identities is no list of kind:value, as exports write it") from None


def _traits(cells: Mapping[str, Any], definitions: Definitions, region: str | None) -> dict[str, Any]:
    """Dotted columns are members of an object (`address.city`); text becomes what the definition asks for. Raises Refused."""
    sent: dict[str, Any] = {}
    for column, value in cells.items():
        name, dot, member = column.partition(".")
        if dot and name and member:
            holder = sent.setdefault(name, {})
            if isinstance(holder, dict):
                holder[member] = value
                continue
        sent[column] = exporting.restored(value) if isinstance(value, str) else value
    clean = traits.cleaned(sent, region=region)
    if clean.left_out:
        raise Refused(f"bad_{clean.left_out[0]}"[:60], f"{clean.left_out[0]} cannot be used: no address, number or name anybody could use")
    for name, value in clean.values.items():
        if name not in definitions.by_name and isinstance(value, str) and len(value) <= SHORT and value.isascii() and "\0" not in value and name.isidentifier():
            continue
        fitting = clean.values[name] = _as_defined(value, definitions, name)
        if not traits.storable(name) or not traits.storable(fitting) or len(msgspec.json.encode(fitting)) > MAX_VALUE_BYTES:
            raise Refused("bad_trait", "a value cannot be stored: NUL, broken text, too large or too deep")
        misfit = definitions.misfit(name, fitting)
        if misfit is not None:
            raise Refused("bad_trait", f"{name[:100]}: {misfit.reason}")
    return clean.values


def _as_defined(value: Any, definitions: Definitions, name: str) -> Any:
    """A file of text has no numbers: what is defined as one, or as yes/no, is read as one. What cannot be read stays, and then does not fit."""
    definition = definitions.by_name.get(name)
    if definition is None or not isinstance(value, str):
        return value
    wanted, text = definition.schema.get("type"), value.strip().translate(DIGITS)
    if wanted == "boolean":
        return _YES_NO.get(text.casefold(), value)
    try:
        if wanted == "integer":
            return int(text)
        if wanted == "number":
            return float(text)
    except ValueError:
        return value
    return value
