"""What a trait may be: its JSON Schema, whom it may be shown to, and which source has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import jsonschema_rs
import msgspec

from services.customer.domain import traits

PLAIN, PERSONAL, SENSITIVE = "plain", "personal", "sensitive"

MAX_SCHEMA_BYTES: Final = 16 * 1024
MAX_REASON: Final = 300
#: Of a refused value, how much is kept for whoever looks for its cause.
MAX_SHOWN: Final = 200
#: People are recognised by these: they stand in plain sight among a customer's identities.
ALWAYS_SHOWN: Final = frozenset({"email", "phone"})


class BadSchema(ValueError):
    """No JSON Schema (2020-12) that can be used; the text says why."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A trait as agreed. `sources` are those with the last word, the strongest first; everybody else comes after them, by trust and time."""

    name: str
    schema: dict[str, Any]
    title: str = ""
    description: str = ""
    classification: str = PLAIN
    sources: tuple[str, ...] = ()
    purpose: str = ""
    version: int
    changed_at: datetime
    changed_by: str


class Misfit(NamedTuple):
    """Why a value does not fit: where in it (JSON pointer, empty for the whole value) and the reason, without the value."""

    pointer: str
    reason: str


class Definitions:
    """All definitions of one moment, ready to check values. `number` tells two moments apart."""

    def __init__(self, definitions: Iterable[Definition] = (), *, number: int = 0, before: Definitions | None = None) -> None:
        self.number = number
        self.by_name: dict[str, Definition] = {definition.name: definition for definition in definitions}
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        for name, definition in self.by_name.items():
            same = before is not None and before.by_name.get(name) == definition
            self._validators[name] = before._validators[name] if same and before is not None else compiled(definition.schema)

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """The traits that only callers with the scope `customers:sensitive` see."""
        return frozenset(name for name, definition in self.by_name.items() if definition.classification == SENSITIVE)

    @cached_property
    def weights(self) -> traits.Weights:
        """By trait: how much more than others its listed sources weigh."""
        return {name: weights_of(definition.sources) for name, definition in self.by_name.items() if definition.sources}

    def misfit(self, name: str, value: Any) -> Misfit | None:
        """Why a value may not be this trait's; None when it may, when nothing is defined, and for None, which removes."""
        validator = self._validators.get(name)
        if validator is None or value is None or validator.is_valid(value):
            return None
        error = next(iter(validator.iter_errors(value)))
        if name in self.sensitive:
            return Misfit("", "the value does not fit the definition")  # a path or a name in it could tell what was sent
        return Misfit("".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.instance_path), error.message[:MAX_REASON])

    def open(self, profile: Mapping[str, traits.Trait]) -> traits.Traits:
        """The traits that everybody who reads customers may see, and other services use: nothing sensitive, nothing the person hid."""
        if not self.sensitive and traits.HIDDEN not in profile:
            return dict(profile)
        kept_back = self.sensitive | traits.hidden_in(profile) | {traits.HIDDEN}
        return {name: trait for name, trait in profile.items() if name not in kept_back}


def weights_of(sources: Iterable[str]) -> dict[str, int]:
    """The strongest source weighs most; one that is not listed weighs nothing."""
    listed = list(dict.fromkeys(sources))
    return {source: len(listed) - place for place, source in enumerate(listed)}


def compiled(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A schema ready to check values: formats count, patterns need linear time, nothing is fetched. Raises BadSchema."""
    if len(msgspec.json.encode(schema)) > MAX_SCHEMA_BYTES:
        raise BadSchema(f"the schema is larger than {MAX_SCHEMA_BYTES:,} bytes")
    try:
        return jsonschema_rs.Draft202012Validator(
            dict(schema), validate_formats=True, ignore_unknown_formats=False, retriever=_nothing, mask="the value",
            pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        place = "/".join(str(part) for part in getattr(error, "instance_path", []))
        raise BadSchema(f"{'at ' + place + ': ' if place else ''}{getattr(error, 'message', 'a reference leads nowhere')}"[:MAX_REASON]) from None
    except ValueError as error:
        raise BadSchema(str(error)[:MAX_REASON]) from None


def shortened(value: Any) -> str:
    """A refused value as text, cut."""
    return msgspec.json.encode(value).decode()[:MAX_SHOWN]


def _nothing(uri: str, /) -> Any:
    raise ValueError("a schema may refer to itself only")


#: Before anything was agreed.
NONE: Final = Definitions()
