"""Book costs and what customers spend elsewhere, one by one and from files."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.analytics import CostBooked, SpendStated
from services.analytics import errors
from services.analytics.settings import AnalyticsService
from services.analytics.store import costs

MAX_ROWS: Final = 20_000


async def book_cost(
    service: AnalyticsService, *, kind: str | None, channel: str, campaign_id: str | None, customer_id: UUID | None, amount_minor: int,
    currency: str, booked_on: date, note: str, reference: str | None, by: str,
) -> tuple[dict[str, Any], bool]:
    """(the entry, whether it is new). The same reference with the same content is booked once; with another content: Conflict.

    Without a kind the customer says it: acquire before the first order, else retain.
    """
    entry: dict[str, Any] = {
        "kind": kind or await _kind_of(service, customer_id, booked_on), "channel": channel, "campaign_id": campaign_id, "customer_id": customer_id,
        "amount_minor": amount_minor, "currency": currency, "booked_on": booked_on, "note": note, "reference": reference,
    }
    cost_id, now = new_id(), service.clock.now()
    async with service.transaction() as tx:
        new = await _book(tx, cost_id, entry, by=by, now=now)
    if new:
        return {"cost_id": cost_id, **entry, "created_at": now}, True
    async with service.read() as db:
        known = await costs.find_by_reference(db, reference or "")
    if known is None or any(known[name] != value for name, value in entry.items() if name != "kind" or kind is not None):
        raise errors.reference_reused()
    return known, False


async def _kind_of(service: AnalyticsService, customer_id: UUID | None, day: date) -> str:
    if customer_id is None:
        return "retain"
    ordered = await service.resources.read(lambda connection: costs.has_ordered(connection, customer_id, day))
    return "retain" if ordered else "acquire"


async def _book(tx: Transaction, cost_id: UUID, entry: Mapping[str, Any], *, by: str, now: Any) -> bool:
    if not await costs.insert_cost(tx.db, cost_id=cost_id, **entry, by=by, now=now):
        return False
    tx.tell(
        CostBooked(
            cost_id=str(cost_id), kind=entry["kind"], channel=entry["channel"], campaign_id=entry["campaign_id"],
            amount_minor=entry["amount_minor"], currency=entry["currency"], booked_on=entry["booked_on"].isoformat(),
            customer_id=str(entry["customer_id"]) if entry["customer_id"] else None,
        )
    )
    return True


async def import_costs(
    service: AnalyticsService, *, text: str, read: Callable[[dict[str, Any]], dict[str, Any]], by: str
) -> dict[str, Any]:
    """Book every line of a CSV file with a header, in one transaction; lines that `read` refuses with ValueError are listed and left out.

    A line without reference gets one made of its content and of how many equal lines stand before it, so that a file sent again adds nothing.
    """
    entries, refused = _read_lines(text, read)
    now, booked = service.clock.now(), 0
    seen: Counter[str] = Counter()
    kinds = [entry["kind"] or await _kind_of(service, entry["customer_id"], entry["booked_on"]) for entry in entries]
    async with service.transaction() as tx:
        for entry, kind in zip(entries, kinds, strict=True):
            if entry["reference"] is None:
                content = "|".join(f"{name}={entry[name]}" for name in sorted(entry))
                seen[content] += 1
                entry["reference"] = "line:" + hashlib.blake2b(f"{content}#{seen[content]}".encode(), digest_size=16).hexdigest()
            booked += await _book(tx, new_id(), entry | {"kind": kind}, by=by, now=now)
    return {"rows": len(entries) + len(refused), "booked": booked, "known": len(entries) - booked, "refused": refused}


def _read_lines(text: str, read: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    lines = csv.DictReader(io.StringIO(text, newline=""))
    entries, refused = [], []
    for number, line in enumerate(lines, 1):
        if number > MAX_ROWS:
            raise errors.too_many_rows(MAX_ROWS)
        if None in line or None in line.values():
            refused.append({"row": number, "detail": "another number of columns than the header"})
            continue
        try:
            entries.append(read({name: value for name, value in line.items() if value != ""}))
        except ValueError as error:
            refused.append({"row": number, "detail": str(error)})
    if not entries and not refused:
        raise errors.no_rows()
    return entries, refused


async def state_spending(
    service: AnalyticsService, *, customer_id: UUID, category: str, amount_minor: int, currency: str, first_day: date, last_day: date, basis: str,
    by: str,
) -> dict[str, Any]:
    """Keep what a customer spends with anybody; the same customer, category, days and basis again replace the amount."""
    now = service.clock.now()
    told: dict[str, Any] = {
        "customer_id": customer_id, "category": category, "amount_minor": amount_minor, "currency": currency, "first_day": first_day,
        "last_day": last_day, "basis": basis,
    }
    async with service.transaction() as tx:
        statement_id = await costs.put_spending(tx.db, statement_id=new_id(), **told, by=by, now=now)
        tx.tell(
            SpendStated(
                statement_id=str(statement_id), customer_id=str(customer_id), category=category, amount_minor=amount_minor, currency=currency,
                first=first_day.isoformat(), last=last_day.isoformat(), basis=basis, stated_at=now,
            )
        )
    return {"statement_id": statement_id, **told, "stated_at": now}
