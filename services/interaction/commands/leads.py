"""Leads: opened, assigned, changed, converted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis import ids
from chassis.unit_of_work import Transaction
from contracts.interaction import LeadOpened
from services.interaction import errors
from services.interaction.commands import opportunities, posting, tasks
from services.interaction.domain import sales
from services.interaction.domain.collecting import identities
from services.interaction.domain.sales import CONVERTED, DISQUALIFIED, LEAD_OPEN, LeadRule
from services.interaction.settings import InteractionService
from services.interaction.store import leads as store

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_rules = msgspec.json.Decoder(list[LeadRule]).decode


async def put_rules(service: InteractionService, *, rules: list[Mapping[str, Any]]) -> None:
    """Replace the rules of assignment. Raises Invalid for two of one name."""
    if len({rule["name"] for rule in rules}) < len(rules):
        raise errors.wrong("lead.rule_twice", "/rules", "Two rules have the same name: each needs its own.")
    async with service.transaction() as tx:
        await store.get_rules(tx.db, lock=True)
        await store.put_rules(tx.db, rules=_encode(rules).decode(), now=service.clock.now())


async def open_lead(service: InteractionService, *, given: Mapping[str, Any], source_id: str | None) -> UUID:
    """Open a lead, assign it, and tell it to the timeline of a person who can be recognised. Raises Invalid, Unknown, Conflict."""
    key = await posting.key_of(service, given["customer_id"]) if given["customer_id"] else _contact_key(given["contact"])
    lead_id = ids.new_id()
    record = None
    if key is not None:
        body = {
            "id": f"lead:{lead_id}", "kind": "lead", "customer": key, "initiator": "customer", "lead_id": str(lead_id), "source": given["source"],
            "title": given["title"], **({"campaign": given["campaign"]} if given["campaign"] else {}),
        }
        told, record = await posting.touchpoint_record(service, body=body, source_id=source_id)
        given = {**given, "interaction_id": UUID(told)}
    identity = service.hash_identity(key) if key else None
    async with service.transaction() as tx:
        if not await add_lead(service, tx, lead_id=lead_id, given=given, identity=identity):
            assert identity is not None
            raise errors.lead_open_already(await store.find_open(tx.db, identity=identity, source=given["source"]))
        if record is not None:
            tx.append(record)
    return lead_id


async def add_lead(service: InteractionService, tx: Transaction, *, lead_id: UUID, given: Mapping[str, Any], identity: bytes | None) -> bool:
    """Open a lead within a transaction and assign it; False when this person has one open from this source already."""
    now = service.clock.now()
    row: dict[str, Any] = {
        **given, "id": lead_id, "identity": identity, "contact": _encode(given.get("contact") or {}).decode(), "state": LEAD_OPEN[0],
        "created_at": now, "updated_at": now, "version": 1,
    }
    rule = None
    if row.get("employee_id") is None and row.get("team_id") is None:
        rules = _rules((await store.get_rules(tx.db))["rules"])
        rule = sales.rule_for(rules, source=row["source"], campaign=row.get("campaign"), language=row.get("language"), score=row["score"])
        if rule is not None:
            row |= {"rule": rule.name, "team_id": rule.team_id, "employee_id": await _next(service, tx, rule)}
    if not await store.insert_lead(tx.db, row):
        return False
    if rule is not None and rule.contact_within_minutes is not None:
        await tasks.add_task(service, tx, given={
            "kind": "call", "title": row["title"], "lead_id": lead_id, "customer_id": row.get("customer_id"), "employee_id": row["employee_id"],
            "team_id": row["team_id"], "due_at": now + timedelta(minutes=rule.contact_within_minutes), "reminders": [0],
        })
    tx.tell(LeadOpened(
        lead_id=str(lead_id), source=row["source"], campaign=row.get("campaign"), score=row["score"], identity=identity.hex() if identity else None,
        customer_id=_text(row.get("customer_id")), employee_id=_text(row.get("employee_id")), team_id=_text(row.get("team_id")), opened_at=now,
    ))
    return True


async def change_lead(service: InteractionService, *, lead_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set fields of an open lead. Raises Unknown, Conflict, Invalid."""
    for name in ("title", "score", "state"):
        if name in changes and changes[name] is None:
            raise errors.wrong("lead.no_value", f"/{name}", f"A lead keeps its {name}: send another one.")
    async with service.transaction() as tx:
        row = await _open_lead(tx, lead_id)
        await store.update_lead(tx.db, {**row, **changes, "updated_at": service.clock.now()})


async def disqualify_lead(service: InteractionService, *, lead_id: UUID, reason: str) -> None:
    """Close a lead that leads nowhere. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        row = await _open_lead(tx, lead_id)
        await store.update_lead(tx.db, {**row, "state": DISQUALIFIED, "reason": reason, "updated_at": service.clock.now()})


async def convert_lead(service: InteractionService, *, lead_id: UUID, given: Mapping[str, Any], actor: str) -> UUID:
    """Make a customer and an opportunity of a lead; converting it again answers with the same. Raises Unknown, Conflict, Invalid."""
    async with service.read() as db:
        found = await store.find_lead(db, lead_id)
    if found is None:
        raise errors.unknown_lead()
    if found["state"] == CONVERTED:
        done: UUID = found["opportunity_id"]
        return done
    customer_id = found["customer_id"] or await _customer_of(service, _decode(found["contact"]), language=found["language"])
    async with service.transaction() as tx:
        row = await store.find_lead(tx.db, lead_id, lock=True)
        assert row is not None
        if row["state"] == CONVERTED:
            other: UUID = row["opportunity_id"]
            return other
        if row["state"] == DISQUALIFIED:
            raise errors.closed_lead(row["state"])
        owner = {name: given.get(name) or row[name] for name in ("employee_id", "team_id")}
        opportunity_id = await opportunities.add_opportunity(
            service, tx, given={**given, **owner, "customer_id": customer_id, "lead_id": lead_id}, actor=actor
        )
        await store.update_lead(tx.db, {
            **row, "state": CONVERTED, "customer_id": customer_id, "opportunity_id": opportunity_id, "updated_at": service.clock.now(),
        })
    return opportunity_id


async def hand_over_left(service: InteractionService) -> None:
    """Tasks, leads and deals of employees who left become their team's."""
    async with service.transaction() as tx:
        await store.hand_over_left(tx.db, now=service.clock.now())


async def _next(service: InteractionService, tx: Transaction, rule: LeadRule) -> UUID | None:
    """Each in turn of those at work; nobody at work: the team has it."""
    candidates = await store.list_candidates(tx.db, employees=rule.employees, team_id=rule.team_id, now=service.clock.now())
    return candidates[await store.take_turn(tx.db, rule.name) % len(candidates)] if candidates else None


async def _open_lead(tx: Transaction, lead_id: UUID) -> dict[str, Any]:
    row = await store.find_lead(tx.db, lead_id, lock=True)
    if row is None:
        raise errors.unknown_lead()
    if row["state"] not in LEAD_OPEN:
        raise errors.closed_lead(row["state"])
    return dict(row)


def _contact_key(contact: Mapping[str, Any]) -> str | None:
    """The identity of a contact: its address, else its number. Raises Invalid for one that is none."""
    if contact.get("email"):
        key = identities.email_key(contact["email"])
        if key is None:
            raise errors.wrong("lead.bad_email", "/contact/email", "This is no e-mail address.")
        return key
    if contact.get("phone"):
        key = identities.phone_key(contact["phone"], None)
        if key is None:
            raise errors.wrong("lead.bad_phone", "/contact/phone", "This is no telephone number: write it as +<country><number>.")
        return key
    return None


async def _customer_of(service: InteractionService, contact: Mapping[str, Any], *, language: str | None) -> UUID:
    """The customer with the contact's address or number, registered if there is none. Raises Invalid, Unavailable."""
    key = _contact_key(contact)
    if key is None:
        raise errors.lead_without_contact()
    traits = {name: value for name, value in {**contact, "language": language}.items() if value}
    answer = await service.peers["customer"].call(
        "POST", "/api/v1/customers?upsert=true", json={"identities": [key], "traits": traits}, scopes=["customers:write"]
    )
    if answer.status not in {200, 201}:
        raise errors.customer_not_made(answer.status)
    return UUID(answer.json()["id"])


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
