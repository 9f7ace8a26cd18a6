"""Writing templates: checked and compiled before they are kept, every version kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from services.campaign import errors
from services.campaign.domain.blocks import BadBlock, expand, reachable
from services.campaign.domain.compiling import MJML, Compiled
from services.campaign.domain.entities import Template
from services.campaign.settings import CampaignService
from services.campaign.store import blocks, templates

Locales = Mapping[str, Mapping[str, str]]
#: Blocks: name -> locale -> source.
Sources = Mapping[str, Mapping[str, str]]


async def create_template(service: CampaignService, *, name: str, locales: Locales, fallback: Sequence[str], form: str = MJML) -> Template:
    """A new template. `locales`: locale -> {subject, body}. Raises Invalid (template.invalid, template.limit)."""
    sources = await _blocks(service)
    compiled = await _compile(service, locales, fallback=fallback, form=form, sources=sources)
    template_id, at = new_id(), service.clock.now()
    async with service.transaction() as tx:
        await templates.insert(tx.db, template_id=template_id, name=name, at=at)
        await _add_version(
            service, tx.db, template_id, version=1, name=name, locales=locales, fallback=fallback, compiled=compiled, form=form,
            sources=sources,
        )
        return _there(await templates.find(tx.db, template_id))


async def change_template(service: CampaignService, *, template_id: UUID, name: str, locales: Locales, fallback: Sequence[str], form: str = MJML) -> Template:
    """A new version; campaigns that were launched keep theirs. Raises Invalid, Unknown."""
    sources = await _blocks(service)
    compiled = await _compile(service, locales, fallback=fallback, form=form, sources=sources)
    async with service.transaction() as tx:
        version = await templates.lock_version(tx.db, template_id)
        if version is None:
            raise errors.unknown_template()
        await _add_version(
            service, tx.db, template_id, version=version + 1, name=name, locales=locales, fallback=fallback, compiled=compiled, form=form,
            sources=sources,
        )
        return _there(await templates.find(tx.db, template_id))


async def recompile(service: CampaignService, db: Connection, *, template: Template, sources: Sources) -> None:
    """A new version of a template whose blocks have changed. Raises Invalid, BadBlock."""
    version = await templates.lock_version(db, template.id)
    assert version is not None, "templates are never deleted"
    compiled = await _compile(service, template.locales, fallback=template.fallback, form=template.form, sources=sources)
    await _add_version(
        service, db, template.id, version=version + 1, name=template.name, locales=template.locales, fallback=template.fallback,
        compiled=compiled, form=template.form, sources=sources,
    )


async def _blocks(service: CampaignService) -> Sources:
    async with service.read() as db:
        return await blocks.all_sources(db)


async def _compile(
    service: CampaignService, locales: Locales, *, fallback: Sequence[str], form: str, sources: Sources
) -> dict[str, Compiled]:
    compiled = {}
    for locale, content in locales.items():
        try:
            body = expand(content["body"], blocks=sources, locale=locale, fallback=fallback)
        except BadBlock as error:
            raise errors.bad_template("template.block_unknown", locale=locale, part="body", detail=str(error)) from None
        answer = await service.resources.renderers.compile(subject=content["subject"], body=body, locale=locale, form=form)
        if answer.compiled is None:
            raise errors.bad_template(answer.problem, locale=locale, part=answer.part, detail=answer.detail)
        compiled[locale] = answer.compiled
    return compiled


async def _add_version(
    service: CampaignService, db: Connection, template_id: UUID, *, version: int, name: str, locales: Locales, fallback: Sequence[str],
    compiled: Mapping[str, Compiled], form: str, sources: Sources,
) -> None:
    await templates.insert_version(
        db, template_id=template_id, version=version, name=name, fallback=list(fallback),
        locales={locale: dict(content) for locale, content in locales.items()}, compiled=compiled, form=form,
        blocks=reachable([content["body"] for content in locales.values()], sources), at=service.clock.now(),
    )


def _there(template: Template | None) -> Template:
    if template is None:
        raise errors.unknown_template()
    return template
