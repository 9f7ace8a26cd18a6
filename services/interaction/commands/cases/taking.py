"""Contacts become cases, or go on with the case they belong to: the one place where this is decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from chassis import ids
from chassis.database import Connection
from chassis.unit_of_work import Transaction
from services.interaction.commands.cases import living
from services.interaction.domain.cases import model, moving
from services.interaction.domain.cases.model import Case, Contact
from services.interaction.domain.cases.rules import CaseRules, opening
from services.interaction.settings import InteractionService
from services.interaction.store import case_parts, knowing, people
from services.interaction.store import cases as store

ACTOR = "contact"


async def take_contacts(service: InteractionService, tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Every contact that asks for an answer has a case afterwards. Taking a contact again changes nothing.

    A contact goes on with the case that it names, or whose thread, conversation or message it belongs to: a waiting case is open again, a
    resolved one is reopened within its window; later it becomes a new case that follows the old one. Who is to answer is decided after the
    commit, by routing.
    """
    taking = _Taking(service, tx, await living.rules(tx.db), service.clock.now())
    await taking.prepare(contacts)
    for contact in sorted(contacts, key=lambda each: (each.occurred_at, each.interaction_id)):
        taking.take(contact)
    await taking.write()


class _Taking:
    """One batch of contacts: everything is read first, decided in order, and written at the end."""

    def __init__(self, service: InteractionService, tx: Transaction, rules: CaseRules, now: datetime) -> None:
        self.service = service
        self.tx = tx
        self.rules = rules
        self.now = now
        self.before: dict[UUID, Case] = {}
        self.cases: dict[UUID, Case] = {}
        self.new: list[Case] = []
        self.contacts: list[tuple[Any, ...]] = []
        self.threads: dict[str, UUID] = {}
        self.follows: list[tuple[UUID, UUID]] = []
        self.said: dict[UUID, str] = {}
        self.survivors: dict[UUID, UUID] = {}
        self.numbered: dict[int, UUID] = {}
        self.only: dict[bytes, UUID] = {}
        self.seen: dict[bytes, Any] = {}
        self.employees: dict[str, UUID] = {}

    async def prepare(self, contacts: Sequence[Contact]) -> None:
        db = self.tx.db
        identities = sorted({each.identity for each in contacts if each.identity})
        self.seen = await knowing.list_seen(db, identities) if identities else {}
        threads = sorted({thread for each in contacts for thread in each.threads})
        self.threads = await store.find_by_threads(db, threads) if threads else {}
        await self._numbers(db, contacts)
        if self.rules.join_hours and identities:
            self.only = await store.find_only_open(db, identities, self.now - timedelta(hours=self.rules.join_hours))
        found = {*self.threads.values(), *self.numbered.values(), *self.only.values(), *(each.case_id for each in contacts if each.case_id)}
        if found:
            self.survivors = await store.list_survivors(db, sorted(found))
            self.cases = {case.id: case for case in await store.find_cases(db, sorted(set(self.survivors.values())), lock=True)}
            self.before = dict(self.cases)
        names = sorted({each.employee for each in contacts if each.employee})
        self.employees = await people.list_named(db, names) if names else {}
        self.clocks = await living.clocks(db)

    async def _numbers(self, db: Connection, contacts: Sequence[Contact]) -> None:
        """A number in a subject counts only from the customer whose case it is: anybody can write one."""
        numbers = sorted({number for each in contacts for number in each.numbers})
        if not numbers:
            return
        found = await store.find_by_numbers(db, numbers)
        owners = await knowing.list_customers_of(db, sorted({identity for _, identity, _ in found.values() if identity}))
        for contact in contacts:
            mine = self.seen.get(contact.identity or b"")
            for number in contact.numbers:
                case_id, identity, customer_id = found.get(number, (None, None, None))
                same = identity is not None and identity == contact.identity
                whose = owners.get(identity) if identity else customer_id
                if case_id is not None and (same or (mine is not None and whose == mine["customer_id"])):
                    self.numbered[number] = case_id

    def take(self, contact: Contact) -> None:
        case = self._continued(contact)
        if case is not None and self._goes_on(case, contact):
            self._add(contact, self._go_on(case, contact))
            return
        opened = self._open(contact)
        if opened is not None:
            self._add(contact, opened)
            if case is not None:
                self.follows.append((opened.id, case.id))

    def _continued(self, contact: Contact) -> Case | None:
        """The case that the contact speaks of."""
        named: list[UUID | None] = [contact.case_id, *(self.threads.get(each) for each in contact.threads)]
        named.extend(self.numbered.get(number) for number in contact.numbers)
        if contact.identity and contact.initiator == "customer":
            named.append(self.only.get(contact.identity))
        for each in named:
            found = self.cases.get(self.survivors.get(each, each)) if each is not None else None
            if found is not None:
                return found
        return None

    def _goes_on(self, case: Case, contact: Contact) -> bool:
        """Whether the case itself goes on, or a new one follows it."""
        if case.status in model.LIVING or contact.initiator != "customer" or contact.automatic:
            return True
        return case.status == "resolved" and case.resolved_at is not None and self.now - case.resolved_at <= timedelta(days=self.rules.reopen_days)

    def _go_on(self, case: Case, contact: Contact) -> Case:
        if contact.initiator != "customer":
            at = min(max(contact.occurred_at, case.opened_at), self.now)
            if case.answered_at is None:
                case = replace(case, answered_at=at)
                self.said[case.id] = "answered"
        elif not contact.automatic and case.status != "open":
            policy, calendar = self.clocks.of(case)
            self.said[case.id] = "reopened" if case.status == "resolved" else "customer_answered"
            case = moving.move(case, "open", policy=policy, calendar=calendar, now=self.now)
        self.cases[case.id] = case
        return case

    def _open(self, contact: Contact) -> Case | None:
        seen = self.seen.get(contact.identity or b"")
        tier = seen["tier"] if seen is not None else None
        how = opening(self.rules, contact, tier=tier, now=self.now)
        if how is None:
            return None
        case = Case(
            id=ids.new_id(), kind=how.kind, priority=how.priority, subject=contact.subject or contact.kind.replace("_", " ").capitalize(),
            channel=contact.channel, language=contact.language or (seen["language"] if seen is not None else None), skills=how.skills,
            tier=tier, identity=contact.identity, customer_id=seen["customer_id"] if seen is not None else None, team_id=how.team_id,
            opened_at=min(contact.occurred_at, self.now), opened_by=f"contact:{contact.kind}", changed_at=self.now, route_at=self.now,
        )
        case = self.clocks.start(case, self.now)
        self.new.append(case)
        self.cases[case.id] = case
        return case

    def _add(self, contact: Contact, case: Case) -> None:
        self.contacts.append((
            contact.interaction_id, case.id, contact.kind, contact.channel, contact.initiator, contact.subject, contact.occurred_at,
            self.employees.get((contact.employee or "").lower()),
        ))
        for thread in contact.own_threads:
            self.threads.setdefault(thread, case.id)

    async def write(self) -> None:
        if not self.contacts:
            return
        db, tx = self.tx.db, self.tx
        new = [self.cases[each.id] for each in self.new]
        numbers = await store.insert_cases(db, new) if new else {}
        fresh = await case_parts.insert_contacts(db, self.contacts)
        await store.insert_threads(db, sorted(self.threads.items()))
        history = []
        for case in new:
            case = replace(case, number=numbers[case.id])
            living.tell_opened(tx, case, case.customer_id)
            history.append(living.change(case.id, self.now, ACTOR, "opened", {"by": case.opened_by}))
        for interaction_id, case_id, kind, channel, initiator, *_ in self.contacts:
            if interaction_id in fresh:
                about = {"interaction_id": str(interaction_id), "kind": kind, "channel": channel, "initiator": initiator}
                history.append(living.change(case_id, self.now, ACTOR, "contact", about))
        await case_parts.insert_changes(db, history)
        for case_id, action in self.said.items():
            if case_id in self.before:
                await living.put(self.service, tx, self.before[case_id], self.cases[case_id], actor=ACTOR, action=action)
        for case_id, other_id in self.follows:
            await case_parts.put_relation(db, case_id=case_id, other_id=other_id, kind="follows", at=self.now)
