"""Single messages on request: confirmations, receipts, news of an order. Apart from marketing: own purpose, own queue, own connections."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.errors import Conflict, Invalid
from chassis.ids import new_id
from contracts.identity import BadIdentity, parse_identity
from services.campaign import errors
from services.campaign.commands.planning import Planned, plan_messages
from services.campaign.domain import mail
from services.campaign.domain.ledger import mail_address
from services.campaign.domain.mail import UnsafeHeader
from services.campaign.settings import CampaignService
from services.campaign.store import replicas, requests, results, templates
from services.campaign.store.claiming import TRANSACTIONAL

STEP = "request"


class Requested(NamedTuple):
    """A message asked for; `replayed`: it was asked for before, under the same key."""

    message: dict[str, Any]
    replayed: bool


async def request_message(
    service: CampaignService, *, key: str, caller: str, template_id: UUID, customer_id: UUID | None, identity: str | None, channel: str,
    purpose: str, data: Mapping[str, Any], sender: Mapping[str, str],
) -> Requested:
    """Plan a message that goes out within a second. The same key with the same request is answered the same, and sends nothing more.

    Raises Invalid (message.purpose, template.unknown …), Unknown (customer), Conflict (idempotency.key_reused).
    """
    if purpose not in service.settings.transactional_purposes.split():
        raise Invalid(
            "message.purpose", "Single messages go out under a purpose of service only; marketing is sent by campaigns and journeys.",
            allowed=service.settings.transactional_purposes.split(),
        )
    sender = _checked(sender)
    asked = hashlib.sha256(
        msgspec.json.encode([template_id, customer_id, identity, channel, purpose, dict(data), dict(sender)], order="deterministic")
    ).digest()
    slot = hashlib.sha256(f"{caller}\n{key}".encode()).digest()
    async with service.transaction() as tx:
        before = await requests.reserve(tx.db, key=slot, request=asked)
        if before is not None:
            if before.request != asked:
                raise Conflict("idempotency.key_reused", "This Idempotency-Key was used for another request; take a new one.")
            found = await results.find_message(tx.db, before.message_id)
            assert found is not None, "messages are never deleted"
            return Requested(found, replayed=True)
        person = customer_id or await _owner(service, tx.db, identity or "")
        template = await templates.find(tx.db, template_id)
        if template is None:
            raise errors.unknown_template()
        planned = await plan_messages(tx, service, [
            Planned(
                customer_id=person, origin="message", origin_id=new_id(), step=STEP, template_id=template_id, version=template.version,
                channel=channel, purpose=purpose, data=data, queue=TRANSACTIONAL, sender=sender or None,
            )
        ])
        await requests.settle(tx.db, key=slot, message_id=planned[0].message_id)
        found = await results.find_message(tx.db, planned[0].message_id)
        assert found is not None
    return Requested(found, replayed=False)


def _checked(sender: Mapping[str, str]) -> dict[str, str]:
    """The parts of the sender that were given. Raises Invalid."""
    given = {name: value for name, value in sender.items() if value}
    for name, value in given.items():
        try:
            if name == "from_name":
                mail.check_value("From", value)
            else:
                given[name] = mail.check_address(name, mail_address(value) or "")
        except UnsafeHeader:
            raise (errors.bad_value(name) if name == "from_name" else errors.bad_address(name)) from None
    return given


async def _owner(service: CampaignService, db: Any, identity: str) -> UUID:
    try:
        hashed = service.hash_identity(str(parse_identity(identity)))
    except BadIdentity as error:
        raise Invalid("identity.bad", f"`identity`: {error}.") from None
    found = (await replicas.owners(db, [hashed])).get(hashed)
    if found is None:
        raise errors.unknown_customer()
    return found
