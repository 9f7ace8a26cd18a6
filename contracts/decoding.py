"""Bytes of the log -> facts; one prepared decoder for each class."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import msgspec

from contracts.fact import Fact

F = TypeVar("F", bound=Fact)


@cache
def _decoder(fact: type[F]) -> msgspec.json.Decoder[F]:
    return msgspec.json.Decoder(fact)


def decode(fact: type[F], value: bytes) -> F:
    """Read a fact; unknown fields are ignored. Raises ValueError (msgspec.ValidationError) when it is not one."""
    decoded: F = _decoder(fact).decode(value)
    return decoded
