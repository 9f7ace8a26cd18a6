"""The first keys of an installation."""

from __future__ import annotations

from chassis.keys import key_hash
from gateway import store
from gateway.commands.keys import create_key
from gateway.commands.sources import create_source
from gateway.settings import GatewayService

ACTOR = "first start"


async def ensure_first_keys(service: GatewayService, *, admin_key: str | None = None, source_key: str | None = None) -> dict[str, str]:
    """An administrator key and a source key, the given ones or new ones; both are returned as text.

    A given key that is known already stays as it is. Raises BadKey.
    """
    if admin_key is None or not await _known(service, admin_key):
        admin_key = (await create_key(service, name="administrator", scopes=["admin"], actor=ACTOR, text=admin_key)).text
    if source_key is None or not await _known(service, source_key):
        source_key = (await create_source(service, settings={"name": "first source"}, actor=ACTOR, text=source_key)).created.text
    return {"admin_key": admin_key, "source_key": source_key}


async def _known(service: GatewayService, text: str) -> bool:
    async with service.read() as db:
        return await store.find_key_by_hash(db, key_hash(text)) is not None
