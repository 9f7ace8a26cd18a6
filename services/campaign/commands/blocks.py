"""Content blocks and product feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chassis import calling_out, telemetry
from chassis.calling_out import NoAnswer, NotAllowed
from services.campaign import errors
from services.campaign.commands.templates import recompile
from services.campaign.domain.blocks import BadBlock
from services.campaign.settings import CampaignService
from services.campaign.store import blocks, templates

FEED_BYTES = 1024 * 1024
MOST_ITEMS = 200
FEED_SECONDS = 10.0

_log = telemetry.logger(__name__)


async def put_block(service: CampaignService, *, name: str, locales: Mapping[str, str], by: str) -> dict[str, Any]:
    """Write a block. Templates that hold it get a new version with the new text, all or none; launched campaigns keep theirs.

    Raises Invalid when a template would break by it.
    """
    async with service.transaction() as tx:
        await blocks.put(tx.db, name=name, locales=locales, by=by, at=service.clock.now())
        sources = await blocks.all_sources(tx.db)
        changed = 0
        for template in await templates.using_block(tx.db, name):
            try:
                await recompile(service, tx.db, template=template, sources=sources)
            except BadBlock as error:
                raise errors.bad_block(str(error)) from None
            changed += 1
        found = await blocks.find(tx.db, name)
        assert found is not None
    return {**found, "templates_changed": changed}


async def put_feed(
    service: CampaignService, *, name: str, url: str | None, refresh_seconds: int, items: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """Write a feed: its items, or where they are fetched from. Raises NotAllowed for an address that may not be called."""
    if url is not None:
        calling_out.checked_url(url, service.resources.outside.allowed)
    async with service.transaction() as tx:
        await blocks.put_feed(tx.db, name=name, url=url, refresh_seconds=refresh_seconds, items=items, at=service.clock.now())
        found = await blocks.find_feed(tx.db, name)
        assert found is not None
        return found


async def fetch_feeds(service: CampaignService) -> bool:
    """Fetch what is due. A feed that cannot be had keeps its items and says why."""
    async with service.read() as db:
        due = await blocks.due_feeds(db)
    for feed in due:
        items, problem = await _fetched(service, feed["url"])
        if problem is not None:
            _log.warning("feed_not_fetched", name=feed["name"], reason=problem)
        async with service.transaction() as tx:
            await blocks.note_fetch(tx.db, name=feed["name"], items=items, problem=problem)
    return False


async def _fetched(service: CampaignService, url: str) -> tuple[list[dict[str, Any]] | None, str | None]:
    try:
        reply = await service.resources.outside.request("GET", url, timeout=FEED_SECONDS, most=FEED_BYTES + 1)
    except (NotAllowed, NoAnswer) as error:
        return None, error.code if isinstance(error, NotAllowed) else error.reason
    if reply.status != 200:
        return None, f"status_{reply.status}"
    if len(reply.body) > FEED_BYTES:
        return None, "too_long"
    try:
        items = msgspec.json.decode(reply.body, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None, "not_a_list_of_objects"
    return items[:MOST_ITEMS], None
