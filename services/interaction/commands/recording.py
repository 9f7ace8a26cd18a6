"""Storing what was collected: duplicates, conflicts, consent, quarantine, the events, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from chassis import ids, telemetry
from chassis.database import Connection
from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from contracts import collected
from contracts.collected import DROPS, REFUSAL, STAMP, Drops
from contracts.gateway import SourceSettings
from contracts.interaction import ConsentSignalSeen
from services.interaction.commands import (
    cases,
    disclosing,
    mailing,
    ordering,
    plans,
    publishing,
    questionnaires,
    registries,
    submissions,
)
from services.interaction.domain import order_events, products, recording, signals
from services.interaction.domain.cases.model import Contact, contact_of
from services.interaction.domain.order_events import Moment, Origin, Said
from services.interaction.domain.recording import (
    CONFLICT,
    DROPPED,
    DUPLICATE,
    ERASED,
    REFUSED,
    STORED,
    Incoming,
    Outgoing,
    SetAside,
    Tally,
)
from services.interaction.settings import InteractionService
from services.interaction.store import (
    case_figures,
    erasing,
    intake,
    interactions,
    orders,
    quarantine,
    replicas,
    sources,
)

WEEK: Final = 7 * 86_400
#: A duplicate is recognised this many weeks back at least.
WINDOW: Final = 4
TRIES: Final = 5
#: After as many batches without a duplicate the key of the newest generation alone is relied on, which refuses them anyway.
TRUSTED: Final = 8

ORDER_NOTES: Final = telemetry.counter("ecrm_order_notes_total", "Order events whose data was incomplete or odd", ("source_id", "note"))


async def record_events(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    """Store a batch of the collected log, all or nothing; afterwards its events stand ready to be published.

    An event that came before changes nothing: neither a row, nor an order, nor a fact. Raises msgspec.DecodeError for a
    record that the collector did not write.
    """
    if await publishing.is_replay(service, tx.db, records[0]):
        await publishing.append_again(service, records)
        return
    publishing.unstage(service, records)
    incoming, refused, told, kept_out = _read(records)
    if told:
        await intake.put_told(tx.db, [recording.told_row(each) for each in told])
    if kept_out:
        await sources.add_drops(tx.db, [(each.source, each.day, reason, number) for each in kept_out for reason, number in each.counts.items()])
    tally = Tally()
    settings = {source: service.resources.keys.source(source) for source in {each.event.stamp.source for each in incoming}}
    incoming = await _unerased(service, tx.db, incoming, tally)
    allowed = await _with_consent(service, tx.db, incoming, settings, tally)
    fresh, conflicts = await _unseen(service, tx.db, allowed, tally)
    planned, unplanned, noted = await plans.hold_against_plans(service, tx.db, fresh, tally)
    stored, said = _prepare(service, planned, settings, noted)
    for each in planned:
        stamp = each.event.stamp
        tally.add(STORED, stamp.source, stamp.received_at, stamp.receipt_id)
    if stored:
        await interactions.insert_interactions(tx.db, [recording.row(each) for each in stored])
    await _set_aside(service, tx.db, [*conflicts, *unplanned, *refused], tally)
    if said:
        await ordering.apply_changes(service, tx, said)
    await _catalogue(tx.db, stored)
    await disclosing.note_fields(service, tx, stored)
    await _signal(tx, stored, settings)
    _bounced(service, tx, stored)
    await _contacts(service, tx, stored)
    await submissions.take_submissions(service, tx, stored)
    await mailing.apply_mail(service, tx, stored)
    await registries.note_partners(tx, stored)
    await questionnaires.note_answers(tx, stored)
    await intake.add(tx.db, tally.rows())
    publishing.stage(service, stored)


def _read(records: list[Stored]) -> tuple[list[Incoming], list[SetAside], list[collected.Tally], list[Drops]]:
    incoming: list[Incoming] = []
    refused: list[SetAside] = []
    told: list[collected.Tally] = []
    kept_out: list[Drops] = []
    for record in records:
        stamp = refusal = tally = drops = None
        for name, value in record.headers:
            if name == STAMP:
                stamp = value
            elif name == REFUSAL:
                refusal = value
            elif name == collected.TALLY:
                tally = value
            elif name == DROPS:
                drops = value
        if refusal is not None:
            refused.append(SetAside(record.partition, record.offset, collected.read_refusal(refusal), record.value or b"", None))
        elif tally is not None:
            told.append(collected.read_tally(tally))
        elif drops is not None:
            kept_out.append(collected.read_drops(drops))
        else:
            incoming.append(recording.read(record.partition, record.offset, record.value or b"", stamp or b""))
    return incoming, refused, told, kept_out


async def _unerased(service: InteractionService, db: Connection, incoming: list[Incoming], tally: Tally) -> list[Incoming]:
    """Leave out events of people who were erased; from here on nobody is erased until the commit."""
    await erasing.hold_still(db)
    erased = await erasing.current(db, service.resources.erased)
    if not erased:
        return incoming
    hashes, kept = service.resources.hashes, []
    for each in incoming:
        stamp = each.event.stamp
        if any((hashes.get(key) or service.hash_identity(key)) in erased for key in stamp.keys):
            tally.add(ERASED, stamp.source, stamp.received_at, stamp.receipt_id)
        else:
            kept.append(each)
    return kept


async def _with_consent(
    service: InteractionService, db: Connection, incoming: list[Incoming], settings: dict[str, SourceSettings | None], tally: Tally
) -> list[Incoming]:
    """Leave out events of people without the purpose their source asks for; they are counted, nothing of them is kept."""
    wanted = {name: source.require_consent for name, source in settings.items() if source is not None and source.require_consent}
    if not wanted:
        return incoming
    owners = {
        each.event.stamp.keys[0]: service.hash_identity(each.event.stamp.keys[0])
        for each in incoming
        if each.event.stamp.source in wanted and each.event.stamp.keys
    }
    granting = await replicas.list_granting(db, sorted(set(owners.values())))
    kept = []
    for each in incoming:
        stamp = each.event.stamp
        purpose = wanted.get(stamp.source)
        if purpose is None or (stamp.keys and purpose in granting.get(owners[stamp.keys[0]], ())):
            kept.append(each)
        else:
            tally.add(DROPPED, stamp.source, stamp.received_at, stamp.receipt_id)
    return kept


async def _unseen(
    service: InteractionService, db: Connection, incoming: list[Incoming], tally: Tally
) -> tuple[list[Incoming], list[SetAside]]:
    """Those that never came before, marked as seen from now on; those with a known id and other content."""
    if not incoming:
        return [], []
    week = int(service.clock.timestamp()) // WEEK
    slot = week % interactions.GENERATIONS
    generations = await interactions.list_generations(db)
    if generations.get(slot) != week:
        await interactions.begin_generation(db, slot, week)
    older = sorted(old for old, held in generations.items() if old != slot and week - WINDOW <= held <= week)
    marks = sorted({each.mark for each in incoming})
    before = await interactions.find_seen(db, older, marks) if older else {}
    resources = service.resources
    for attempt in range(TRIES):
        seen = dict(before)
        if attempt or resources.without_duplicates < TRUSTED:
            seen |= await interactions.find_marked(db, slot, marks)
        fresh, again = [], []
        for each in incoming:
            digest = seen.get(each.mark)
            if digest is None:
                seen[each.mark] = each.digest
                fresh.append(each)
            else:
                again.append((each, digest == each.digest))
        try:
            if fresh:
                await interactions.insert_seen(db, slot, [(each.mark, each.digest) for each in fresh])
            break
        except interactions.AlreadySeen:  # not looked up, or another process has just stored one of them from another partition
            if attempt == TRIES - 1:
                raise
    resources.without_duplicates = 0 if again else resources.without_duplicates + 1
    conflicts = []
    for each, same in again:
        stamp = each.event.stamp
        tally.add(DUPLICATE if same else CONFLICT, stamp.source, stamp.received_at, stamp.receipt_id)
        if not same:
            conflicts.append(recording.conflict(each))
    return fresh, conflicts


def _prepare(
    service: InteractionService, fresh: list[Incoming], settings: dict[str, SourceSettings | None], noted: plans.Noted
) -> tuple[list[Outgoing], list[Said]]:
    """What is stored, and what the events say about orders (read first: their notes belong to the stored event)."""
    stored, said = [], []
    secret, hashes = service.identity_secret, service.resources.hashes
    for each in fresh:
        notes = noted.get((each.partition, each.offset), ()) if noted else ()
        event = each.event
        if event.name in order_events.NAMES and event.kind == "track":
            about = order_events.read_order_event(event.name, event.properties, _origin(service, each, settings))
            notes += about.notes
            for note in about.notes:
                ORDER_NOTES.labels(event.stamp.source, note).inc()
            if about.change is not None or about.credit is not None:
                said.append(about)
        stored.append(recording.outgoing(each, hashes, secret, notes))
    return stored, said


def _origin(service: InteractionService, incoming: Incoming, settings: dict[str, SourceSettings | None]) -> Origin:
    stamp = incoming.event.stamp
    source = settings.get(stamp.source)
    primary = stamp.keys[0] if stamp.keys else ""
    return Origin(
        moment=Moment(order_events.micros(stamp.timestamp), incoming.partition, incoming.offset),
        message_id=stamp.id,
        source=stamp.source,
        identity=service.hash_identity(primary).hex() if primary else "",
        known=bool(primary) and not primary.startswith("anon:"),
        browser=stamp.authority != "server",
        namespace=source.order_namespace if source is not None else "",
        default_currency=source.default_currency if source is not None else None,
    )


async def _set_aside(service: InteractionService, db: Connection, refused: list[SetAside], tally: Tally) -> None:
    """Keep payloads up to the hourly quota of their source; beyond it they are only counted."""
    if not refused:
        return
    for each in refused:
        if each.stamp is None:
            tally.add(REFUSED, each.refusal.source, each.refusal.received_at, each.refusal.receipt_id)
    kept = await quarantine.count_since(
        db, sorted({each.refusal.source for each in refused}), service.clock.now() - timedelta(hours=1)
    )
    rows: list[tuple[Any, ...]] = []
    for each in refused:
        refusal = each.refusal
        kept[refusal.source] = kept.get(refusal.source, 0) + (each.errors is None)
        if each.errors is not None or kept[refusal.source] <= service.settings.quarantine_per_hour:  # a whole event is never only counted
            rows.append((
                ids.new_id(), refusal.source, refusal.code, refusal.detail, refusal.message_id, each.payload, each.stamp, refusal.digest,
                refusal.size, refusal.received_at, each.partition, each.offset, each.errors,
            ))
    if rows:
        await quarantine.insert(db, rows)


async def _catalogue(db: Connection, stored: Iterable[Outgoing]) -> None:
    found: dict[str, products.ProductRow] = {}
    for each in stored:
        event = each.incoming.event
        if event.products and event.kind == "track":
            products.collect(event, found)
    if found:
        await orders.put_products(db, [found[product_id] for product_id in sorted(found)])


async def _signal(tx: Transaction, stored: Iterable[Outgoing], settings: dict[str, SourceSettings | None]) -> None:
    """Tell each signal once a day for each identity."""
    told: dict[tuple[bytes, str, Any], ConsentSignalSeen] = {}
    for each in stored:
        event, identity = each.incoming.event, each.identity
        if not identity:
            continue
        found: list[ConsentSignalSeen] = []
        if event.stamp.gpc or event.name in signals.MAIL_SIGNALS:
            signal = signals.signal_of(event, identity.hex())
            found += [signal] if signal is not None else []
        if signals.CONSENT_MARK in event.context_json:
            source = settings.get(event.stamp.source)
            found += signals.banner_signals(event, identity.hex(), source.consent_categories if source is not None else {})
        for signal in found:
            told.setdefault((identity, f"{signal.signal}:{signal.purpose}" if signal.purpose else signal.signal, event.stamp.received_at.date()), signal)
    if told:
        for new in sorted(await replicas.put_signals(tx.db, list(told))):
            tx.tell(told[new])


def _bounced(service: InteractionService, tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Tell each mail that came back."""
    for each in stored:
        if each.incoming.event.name == signals.BOUNCED:
            bounce = signals.bounce_of(each.incoming.event, each.identity.hex(), secret=service.identity_secret)
            if bounce is not None:
                tx.tell(bounce)


async def _contacts(service: InteractionService, tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Count the touch points, and let those that ask for an answer become cases."""
    found = [_contact(each) for each in stored if each.incoming.event.kind not in recording.MESSAGE_KINDS]
    if found:
        await case_figures.insert_touchpoints(
            tx.db,
            [
                (each.interaction_id, each.identity or b"", each.kind, each.channel, each.initiator, each.purpose, each.outcome, each.occurred_at)
                for each in found
            ],
        )
        await cases.take_contacts(service, tx, found)


def _contact(out: Outgoing) -> Contact:
    event = out.incoming.event
    return contact_of(
        interaction_id=UUID(event.stamp.receipt_id), identity=out.identity, kind=event.kind, channel=event.channel, initiator=event.initiator,
        purpose=out.purpose, occurred_at=event.stamp.timestamp, properties=event.properties, trusted=event.stamp.authority == "server",
    )
