"""Forms."""

from __future__ import annotations

from typing import Any

import msgspec

from services.interaction import errors
from services.interaction.domain.forms import Form
from services.interaction.settings import InteractionService
from services.interaction.store import forms as store

_form = msgspec.json.Decoder(Form).decode


async def get_form(service: InteractionService, *, slug: str, version: int | None = None) -> dict[str, Any]:
    """A version of a form, the newest for None. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_form(db, slug, version=version)
    if row is None:
        raise errors.unknown_form()
    return _shown(service, row)


async def list_forms(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [_shown(service, row) for row in await store.list_forms(db)]


async def find_published_form(service: InteractionService, *, slug: str) -> tuple[int, Form] | None:
    """The version that visitors see, and the form."""
    async with service.read() as db:
        row = await store.find_published(db, slug)
    return None if row is None else (row["version"], _form(row["definition"]))


async def get_form_version(service: InteractionService, *, slug: str, version: int) -> Form:
    """A version, published or not. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_form(db, slug, version=version)
    if row is None:
        raise errors.unknown_form()
    return _form(row["definition"])


def _shown(service: InteractionService, row: Any) -> dict[str, Any]:
    url = f"{service.platform.public_url.rstrip('/')}/f/{row['slug']}"
    return {**row, "definition": msgspec.to_builtins(_form(row["definition"])), "url": url}
