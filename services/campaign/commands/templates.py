"""Writing templates: checked and compiled before they are kept, every version kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from services.campaign import errors
from services.campaign.domain.compiling import Compiled
from services.campaign.domain.entities import Template
from services.campaign.settings import CampaignService
from services.campaign.store import templates

Locales = Mapping[str, Mapping[str, str]]


async def create_template(service: CampaignService, *, name: str, locales: Locales, fallback: Sequence[str]) -> Template:
    """A new template. `locales`: locale -> {subject, body}. Raises Invalid (template.invalid, template.limit)."""
    compiled = await _compile(service, locales)
    template_id, at = new_id(), service.clock.now()
    async with service.transaction() as tx:
        await templates.insert(tx.db, template_id=template_id, name=name, at=at)
        await _add_version(
            service, tx.db, template_id, version=1, name=name, locales=locales, fallback=fallback, compiled=compiled
        )
        return _there(await templates.find(tx.db, template_id))


async def change_template(service: CampaignService, *, template_id: UUID, name: str, locales: Locales, fallback: Sequence[str]) -> Template:
    """A new version; campaigns that were launched keep theirs. Raises Invalid, Unknown."""
    compiled = await _compile(service, locales)
    async with service.transaction() as tx:
        version = await templates.lock_version(tx.db, template_id)
        if version is None:
            raise errors.unknown_template()
        await _add_version(
            service, tx.db, template_id, version=version + 1, name=name, locales=locales, fallback=fallback, compiled=compiled
        )
        return _there(await templates.find(tx.db, template_id))


async def _compile(service: CampaignService, locales: Locales) -> dict[str, Compiled]:
    compiled = {}
    for locale, content in locales.items():
        answer = await service.resources.renderers.compile(subject=content["subject"], body=content["body"], locale=locale)
        if answer.compiled is None:
            raise errors.bad_template(answer.problem, locale=locale, part=answer.part, detail=answer.detail)
        compiled[locale] = answer.compiled
    return compiled


async def _add_version(
    service: CampaignService, db: Connection, template_id: UUID, *, version: int, name: str, locales: Locales, fallback: Sequence[str],
    compiled: Mapping[str, Compiled],
) -> None:
    await templates.insert_version(
        db, template_id=template_id, version=version, name=name, fallback=list(fallback),
        locales={locale: dict(content) for locale, content in locales.items()}, compiled=compiled, at=service.clock.now(),
    )


def _there(template: Template | None) -> Template:
    if template is None:
        raise errors.unknown_template()
    return template
