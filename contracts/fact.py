"""The shape of every fact: a frozen struct, past tense, personal fields in a nested model marked as such."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

#: An aware time; facts carry UTC.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that has happened, told once by the service that owns it.

    Readers ignore fields they do not know; writers cannot set any that is not declared. Times are aware
    UTC, money is integer minor units with an ISO 4217 code, ids are text.
    """

    personal_fields: ClassVar[frozenset[str]] = frozenset({"personal"})


class Personal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Marks fields that speak of a person: never logged, blanked by erasure."""


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in minor units of an ISO 4217 currency."""

    amount_minor: int
    currency: str
