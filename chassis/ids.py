"""Ids: UUIDv7, so that new rows lie at the end of their index."""

from __future__ import annotations

from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def new_text_id() -> str:
    """The text of a new id; made without an object of the standard library, which costs three times as much."""
    return str(uuid_utils.uuid7())
