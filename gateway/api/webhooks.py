"""Webhooks out: endpoints, their deliveries, test, re-send and replay."""

from __future__ import annotations

import inspect
import json
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from gateway import commands, errors, queries
from gateway.api.keys import after_id
from gateway.domain import webhooks as rules
from gateway.domain.webhooks import Delivery, Replay, Webhook
from gateway.schemas import webhooks as schemas
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

Here = Annotated[GatewayService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("webhooks:read")]
Writing = Annotated[Caller, web.allow("webhooks:write")]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/event-types")
async def list_event_types(_asking: Reading) -> web.Page[schemas.EventTypeView]:
    """Every kind of event that can be subscribed to."""
    return web.Page(
        data=[
            schemas.EventTypeView(type=wire, service=entry.owner, personal=entry.personal, description=inspect.getdoc(entry.fact) or "")
            for wire, entry in sorted(rules.EVENT_TYPES.items())
        ]
    )


@router.post("", status_code=201)
async def create_webhook(here: Here, asking: Writing, body: schemas.CreateWebhook) -> schemas.CreatedWebhookView:
    """Be told of everything of these kinds that happens from now on; the signing secret is in this answer and nowhere else."""
    _may_be_personal(asking, body.personal)
    made = await commands.create_webhook(here, **body.model_dump(), actor=f"{asking.kind}:{asking.subject}")
    return schemas.CreatedWebhookView(**_view(made.webhook).model_dump(), secret=made.secret)


@router.get("")
async def list_webhooks(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 100) -> web.Page[schemas.WebhookView]:
    """All endpoints, oldest first; never their secrets."""
    found = await queries.webhooks.list_webhooks(here, after=after_id(page_token), limit=limit + 1)
    return web.Page(
        data=[_view(each) for each in found[:limit]], next_page_token=web.page_token(str(found[limit - 1].id)) if len(found) > limit else None
    )


@router.get("/{webhook_id}")
async def get_webhook(here: Here, _asking: Reading, webhook_id: UUID) -> schemas.WebhookView:
    """One endpoint."""
    return _view(await queries.webhooks.get_webhook(here, webhook_id=webhook_id))


@router.patch("/{webhook_id}")
async def change_webhook(here: Here, asking: Writing, webhook_id: UUID, body: schemas.ChangeWebhook) -> schemas.WebhookView:
    """Change the given fields. An endpoint with personal data is changed only by whoever may read it."""
    changes = body.model_dump(exclude_unset=True)
    if empty := sorted(name for name, value in changes.items() if value is None):
        raise Invalid("webhooks.not_null", f"These cannot be null: {', '.join(empty)}.")
    known = await queries.webhooks.get_webhook(here, webhook_id=webhook_id)
    _may_be_personal(asking, changes.get("personal", known.personal))
    return _view(await commands.change_webhook(here, webhook_id=webhook_id, changes=changes))


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(here: Here, _asking: Writing, webhook_id: UUID) -> None:
    """Tell it nothing more; its log of deliveries goes with it."""
    await commands.delete_webhook(here, webhook_id=webhook_id)


@router.post("/{webhook_id}/test")
async def try_webhook(here: Here, _asking: Writing, webhook_id: UUID) -> schemas.TestedView:
    """Send one signed message that says nothing (`ecrm.webhook.test.v1`) and say what came of it."""
    outcome = await commands.send_test(here, webhook_id=webhook_id)
    return schemas.TestedView(delivered=outcome.good, status=outcome.status, error=outcome.error, milliseconds=outcome.milliseconds)


@router.post("/{webhook_id}/secret")
async def rotate_secret(here: Here, asking: Writing, webhook_id: UUID, body: schemas.RotateSecret) -> schemas.CreatedWebhookView:
    """A new signing secret; for the overlap every message carries the signatures of both."""
    known = await queries.webhooks.get_webhook(here, webhook_id=webhook_id)
    _may_be_personal(asking, known.personal)
    made = await commands.rotate_secret(here, webhook_id=webhook_id, overlap=timedelta(hours=body.overlap_hours))
    return schemas.CreatedWebhookView(**_view(made.webhook).model_dump(), secret=made.secret)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    here: Here, _asking: Reading, webhook_id: UUID, state: Literal["waiting", "delivered", "failed", "erased"] | None = None,
    event_type: str | None = None, page_token: str | None = None, limit: Limit = 100,
) -> web.Page[schemas.DeliveryView]:
    """The newest first, each with what came of its tries; remembered for 30 days."""
    found = await queries.webhooks.list_deliveries(
        here, webhook_id=webhook_id, state=state, event_type=event_type, before=after_id(page_token), limit=limit + 1
    )
    return web.Page(
        data=[schemas.DeliveryView.model_validate(_delivery(each)) for each in found[:limit]],
        next_page_token=web.page_token(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@router.get("/{webhook_id}/deliveries/{delivery_id}")
async def get_delivery(here: Here, asking: Reading, webhook_id: UUID, delivery_id: UUID) -> schemas.DeliveryWithContent:
    """One delivery with its content; that of an endpoint with personal data only for whoever may read it."""
    known = await queries.webhooks.get_webhook(here, webhook_id=webhook_id)
    _may_be_personal(asking, known.personal)
    found = await queries.webhooks.get_delivery(here, webhook_id=webhook_id, delivery_id=delivery_id)
    return schemas.DeliveryWithContent.model_validate({**_delivery(found), "content": json.loads(found.payload) if found.payload else None})


@router.post("/{webhook_id}/deliveries/{delivery_id}/resend", status_code=202)
async def resend(here: Here, _asking: Writing, webhook_id: UUID, delivery_id: UUID) -> schemas.DeliveryView:
    """The same message once more, under the same id."""
    await commands.resend(here, webhook_id=webhook_id, delivery_id=delivery_id)
    return schemas.DeliveryView.model_validate(_delivery(await queries.webhooks.get_delivery(here, webhook_id=webhook_id, delivery_id=delivery_id)))


@router.post("/{webhook_id}/replays", status_code=202)
async def begin_replay(here: Here, asking: Writing, webhook_id: UUID, body: schemas.BeginReplay, response: Response) -> schemas.ReplayView:
    """Deliver once more what the log took in a range of time, also what was not asked for then."""
    made = await commands.begin_replay(
        here, webhook_id=webhook_id, from_at=body.from_at, to_at=body.to_at, actor=f"{asking.kind}:{asking.subject}"
    )
    response.headers["location"] = f"/api/v1/webhooks/{webhook_id}/replays/{made.id}"
    return _replay(made)


@router.get("/{webhook_id}/replays/{replay_id}")
async def get_replay(here: Here, _asking: Reading, webhook_id: UUID, replay_id: UUID) -> schemas.ReplayView:
    """How far a replay is."""
    return _replay(await queries.webhooks.get_replay(here, webhook_id=webhook_id, replay_id=replay_id))


def _may_be_personal(asking: Caller, personal: bool) -> None:
    if personal and not (asking.may("customers:read") and asking.may("customers:sensitive")):
        raise errors.PersonalNotAllowed


def _view(webhook: Webhook) -> schemas.WebhookView:
    return schemas.WebhookView.model_validate({name: value for name, value in webhook._asdict().items() if name != "secrets"})


def _delivery(delivery: Delivery) -> dict[str, object]:
    return {name: value for name, value in delivery._asdict().items() if name not in {"payload", "key", "webhook_id"}}


def _replay(replay: Replay) -> schemas.ReplayView:
    return schemas.ReplayView.model_validate({name: value for name, value in replay._asdict().items() if name not in {"webhook_id", "positions"}})
