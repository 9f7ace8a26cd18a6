"""Contacts between two customers: on the timeline of both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis import ids
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.settings import InteractionService


async def exchange(
    service: InteractionService, *, kind: str, author: str, recipient: str, text: str, product_id: str | None, in_reply_to: str | None,
    given_id: str | None, source_id: str | None,
) -> tuple[str, UUID, UUID]:
    """Store a question, an answer or a recommendation with both parties, all or nothing; told again by its id it changes nothing.

    Returns (exchange, the author's interaction, the recipient's). Raises Invalid.
    """
    if author == recipient:
        raise errors.wrong("exchange.one_party", "/recipient", "An exchange is between two customers: author and recipient are the same.")
    if kind == "answer" and not in_reply_to:
        raise errors.wrong("exchange.no_question", "/in_reply_to", "An answer names the exchange it answers.")
    name = given_id or ids.new_text_id()
    shared: dict[str, Any] = {"kind": kind, "initiator": "customer", "text": text, "exchange": name}
    shared |= {field: value for field, value in (("product_id", product_id), ("in_reply_to", in_reply_to)) if value}
    told, records = [], []
    for role, customer, other in (("author", author, recipient), ("recipient", recipient, author)):
        body = {**shared, "id": f"exchange:{name}:{role}", "customer": customer, "other": other, "role": role}
        interaction_id, record = await posting.touchpoint_record(service, body=body, source_id=source_id)
        told.append(UUID(interaction_id))
        records.append(record)
    async with service.transaction() as tx:
        for record in records:
            tx.append(record)
    return name, told[0], told[1]
