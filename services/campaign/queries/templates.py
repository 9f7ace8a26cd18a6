"""Reads: templates and their previews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain import blocks, content, locales
from services.campaign.domain.entities import Recipient, Template
from services.campaign.domain.rendering import Rendered
from services.campaign.settings import CampaignService
from services.campaign.store import blocks as stored
from services.campaign.store import recipients, templates


async def get_template(service: CampaignService, *, template_id: UUID, version: int | None = None) -> Template:
    """Raises Unknown."""
    async with service.read() as db:
        found = await templates.find(db, template_id, version)
    if found is None:
        raise errors.unknown_template()
    return found


async def list_templates(service: CampaignService, *, after: UUID | None, limit: int) -> list[Template]:
    async with service.read() as db:
        return await templates.page(db, after=after, limit=limit)


async def preview(
    service: CampaignService, *, template_id: UUID, version: int | None, customer_id: UUID | None, data: Mapping[str, Any] | None,
    locale: str | None,
) -> tuple[Template, str, Rendered]:
    """A filled-in template and its locale. An undefined name is a fault here, unlike in sending. Raises Unknown, Invalid."""
    template = await get_template(service, template_id=template_id, version=version)
    recipient = Recipient(UUID(int=0))
    if customer_id is not None:
        async with service.read() as db:
            found = (await recipients.fetch(db, [customer_id])).get(customer_id)
        if found is None:
            raise errors.unknown_customer()
        recipient = found
    elif data is not None:
        given = {key: data.get(key) for key in ("name", "email", "language")}
        texts = {key: value if isinstance(value, str) else None for key, value in given.items()}
        traits = {key: value for key, value in data.items() if key not in given}
        recipient = Recipient(UUID(int=0), name=texts["name"], email=texts["email"], language=texts["language"], traits=traits)
    chosen = locales.choose_locale(
        template.compiled, language=locale or recipient.language, fallback=template.fallback, orders=service.resources.languages
    )
    values = await sample_values(service, template, recipient, chosen, own=(data or {}).get("data"))
    rendered = (await service.resources.renderers.render([template.compiled[chosen]], [(0, values)], strict=True))[0]
    if rendered.problem is not None:
        raise errors.cannot_render(rendered.problem, rendered.detail)
    return template, chosen, rendered


async def sample_values(service: CampaignService, template: Template, recipient: Recipient, chosen: str, *, own: Any = None) -> dict[str, Any]:
    """What a template gets for a recipient outside of any sending; `own`: the message's own data."""
    compiled = template.compiled[chosen]
    async with service.read() as db:
        feeds = await stored.feed_items(db, blocks.feeds([compiled.subject, compiled.html, compiled.text]))
    public = service.platform.public_url.rstrip("/")
    return content.template_data(
        customer_id=str(recipient.customer_id), name=recipient.name, email=recipient.email, language=recipient.language,
        traits={name: value for name, value in recipient.traits.items() if name != "data" or own is None}, campaign_id="preview",
        campaign_name="Preview", locale=chosen, unsubscribe_url=f"{public}/u/preview", preferences_url=f"{public}/p/preview",
        data=own if isinstance(own, dict) else {}, feeds=feeds, postal_address=service.settings.postal_address,
    )
