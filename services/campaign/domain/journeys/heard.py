"""Facts of orders, cases, selling and responses that journeys hear beside recorded events: under their wire names, which nobody outside can use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from contracts import catalogue
from contracts.campaign import MessageClicked
from contracts.collection_schemas import RESERVED
from contracts.fact import Fact
from contracts.interaction import (
    CaseOpened,
    CaseResolved,
    LeadOpened,
    OpportunityMoved,
    OrderFields,
    OrderPlaced,
    OrderRefunded,
    ReplyReceived,
    SurveyAnswered,
)
from services.campaign.domain.journeys.moving import Happened

#: What is heard, and the field that says when it happened.
HEARD: Final[Mapping[type[Fact], str]] = {
    OrderPlaced: "ordered_at", OrderRefunded: "refunded_at", CaseOpened: "opened_at", CaseResolved: "resolved_at", SurveyAnswered: "answered_at",
    LeadOpened: "opened_at", OpportunityMoved: "moved_at", ReplyReceived: "replied_at", MessageClicked: "at",
}
NAMES: Final = frozenset(catalogue.entry_of(fact).wire for fact in HEARD)
#: History that is brought in later starts no work.
OLDEST: Final = timedelta(hours=72)
#: Whose it is goes beside it, not with it.
_WHOSE: Final = ("identity", "customer_id", "lines")


class Heard(NamedTuple):
    """A fact as an event, and whose it is as far as the fact says."""

    event: Happened
    identity: bytes | None
    customer_id: UUID | None


def hear(fact: Fact, *, fact_id: str, told_at: datetime, more: Mapping[str, Any] | None = None) -> Heard | None:
    """The event that a fact is; None: too old to start anything, or nobody's. `more`: what the fact does not say itself."""
    values = {**msgspec.to_builtins(fact), **(more or {})}
    happened_at: datetime = getattr(fact, HEARD[type(fact)])
    identity, customer_id = values.get("identity"), values.get("customer_id")
    if happened_at < told_at - OLDEST or not (identity or customer_id):
        return None
    if isinstance(fact, OrderFields):
        values["products"] = [line.product_id for line in fact.lines][:50]
    properties = {name: value for name, value in values.items() if name not in _WHOSE and value is not None}
    event = Happened(fact_id, catalogue.entry_of(type(fact)).wire, properties, happened_at, told_at)
    return Heard(event, bytes.fromhex(identity) if identity else None, UUID(customer_id) if customer_id else None)


def is_heard_or_free(name: str) -> bool:
    """Whether an event can ever have this name: one that anybody may tell, or one of the platform's own that journeys hear."""
    return not name.startswith("ecrm.") or name in NAMES or name in RESERVED
