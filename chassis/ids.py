"""Ids: UUIDv7, so that new rows lie at the end of their index."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def new_text_id() -> str:
    return str(uuid7())
