"""Inbound mail: read, sorted, and appended to the collected log; whoever brought it is told that it is safe only when the log has it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from chassis import ids, telemetry
from chassis.database import Connection
from chassis.errors import Refusal
from chassis.eventlog import NotConfirmed, Record
from chassis.unit_of_work import Transaction
from contracts import collected, identity, interaction, links
from contracts.collected import Stamp
from contracts.identity import BadIdentity
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import mail, signals
from services.interaction.domain.mail import Sorted, Told
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService
from services.interaction.store import mail as store
from services.interaction.store import replicas

#: One source for all doors, so that a mail that comes twice by different ways is one.
SOURCE: Final = "mail"
#: A mail that comes again is answered with the ids it had.
MAILS_BY_NAME: Final = UUID("0c6f8f0e-6b5e-5c7d-8a53-1f3b1d7e9a42")
THREADS: Final = UUID("7d1c5d5e-0c53-5b0f-9a0b-6f2f0a3f6c11")
#: Files and their uses looked at in one transaction.
FILES: Final = 2_000
KINDS: Final = frozenset({"email", "bounce", "complaint"})

MAILS: Final = telemetry.counter("ecrm_mails_total", "Mails taken, by kind and whether a machine wrote them", ("kind", "automatic"))

_encode = msgspec.json.Encoder().encode


class Taken(NamedTuple):
    """A mail that is safe. `ids` are those its interactions will have, `told` what each of them says."""

    sorted: Sorted
    thread: UUID
    automatic: str
    ids: list[str]
    told: list[Told]


async def take_mail(service: InteractionService, *, raw: bytes, sender: str | None, recipients: Sequence[str], trusted: bool) -> Taken:
    """Take a mail over; returns when attachments and log have it. The same mail again changes nothing.

    `trusted`: whoever brought it answers for it, so a report may name any address. Anybody can send a report: of one that comes by itself
    only the message it proves to be about is believed.

    Whatever is in it, it is taken. Raises Unavailable when the log does not confirm, and what the database raises while it is away.
    """
    letter, sorted_, attached = await asyncio.to_thread(_read, service, raw, mail.Way(sender, tuple(recipients)))
    received_at = service.clock.now()
    async with service.transaction() as tx:
        thread = await _thread(tx.db, sorted_)
        automatic = sorted_.automatic or await _too_many(service, tx, sorted_)
        told = mail.tell(letter, sorted_, thread=thread, attached=attached, received_at=received_at, automatic=automatic)
        keys = await _keys(service, tx.db, sorted_, told, trusted=trusted)
        await store.put_attachments(tx.db, [(bytes.fromhex(each.sha256), each.type, each.content) for each in attached], at=received_at)
        message = await store.find_message(tx.db, str(sorted_.answers)) if sorted_.answers and None in keys else None
    if message is not None:
        keys = [await _key_of_recipient(service, message["customer_id"]) if key is None else key for key in keys]
    records, new_ids = [], []
    notes = [] if trusted or sorted_.kind == mail.EMAIL else [signals.UNTRUSTED]
    for each, key in zip(told, keys, strict=True):
        stamp = Stamp(
            id=each.id, form="touchpoint", type="touchpoint", event=f"{collected.TOUCHPOINT_PREFIX}{each.kind}.v1", source=SOURCE,
            authority="server", receipt_id=str(uuid.uuid5(MAILS_BY_NAME, each.id)), received_at=received_at, timestamp=each.occurred_at,
            keys=[key] if key else [], notes=notes,
        )
        new_ids.append(stamp.receipt_id)
        records.append(_record(stamp, each, key))
    try:
        await service.log.append(records)
    except NotConfirmed:
        raise errors.not_confirmed() from None
    MAILS.labels(sorted_.kind, str(bool(automatic)).lower()).inc()
    return Taken(sorted_, thread, automatic, new_ids, told)


def _record(stamp: Stamp, told: Told, key: str | None) -> Record:
    headers = (
        ("ce_specversion", b"1.0"), ("ce_id", stamp.id.encode()), ("ce_source", SOURCE.encode()),
        ("ce_type", collected.ACCEPTED_TYPE.encode()), (collected.STAMP, _encode(stamp)),
    )
    return Record(collected.TOPIC, (key or f"source:{SOURCE}").encode(), _encode(told.body), headers)


def _read(service: InteractionService, raw: bytes, way: mail.Way) -> tuple[mail.Letter, Sorted, list[mail.Attached]]:
    """Reading and sorting, in a thread: a large mail takes a part of a second."""
    letter = mail.read_letter(raw)
    return letter, mail.sort_mail(letter, way, opener(service)), mail.attachments_of(letter, raw)


def opener(service: InteractionService) -> mail.Opener:
    """What opens the names of our messages."""
    secret = service.link_secret

    def find(use: str, name: str) -> UUID | None:
        try:
            return links.named_message(secret, use, name)
        except links.BadLink:
            return None

    return find


def takes(service: InteractionService, address: str) -> bool:
    """Whether mail to an address is for us: one of ours by name, by domain, or one that only we can have made."""
    settings, own = service.settings, service.platform.mail_domain.lower()
    local, _, domain = address.lower().rpartition("@")
    if domain in _listed(settings.mail_domains) or f"{local}@{domain}" in _listed(settings.mail_addresses):
        return True
    if not own or domain != own:
        return False
    use, _, name = local.partition("-")
    return local == "postmaster" or (use in (links.BOUNCES, links.ANSWERS) and opener(service)(use, name) is not None)


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def mark_of(message_id: str) -> bytes:
    """What stands for a Message-ID in the table of threads."""
    return blake2b(message_id.encode("utf-8", "replace"), digest_size=16, person=b"ecrm message-id").digest()


async def _thread(db: Connection, sorted_: Sorted) -> UUID:
    """The thread of any message it refers to; else one that all mails of the thread would name, so that their order does not matter."""
    marks = [mark_of(each) for each in (*reversed(sorted_.references), sorted_.message_id) if each]
    known = await store.find_threads(db, marks) if marks else {}
    for mark in marks:
        if mark in known:
            return known[mark]
    root = mail.root_of(sorted_)
    return uuid.uuid5(THREADS, root) if root else ids.new_id()


async def _too_many(service: InteractionService, tx: Transaction, sorted_: Sorted) -> str:
    """Counts the mail; says so when its sender writes faster than a person does."""
    key = _email_key(sorted_.sender[1])
    if key is None or sorted_.kind != mail.EMAIL:
        return ""
    hour = service.clock.now().replace(minute=0, second=0, microsecond=0)
    sent = await store.count_mail(tx.db, identity=service.hash_identity(key), hour=hour)
    return "too_many" if sent > service.settings.mail_per_hour else ""


async def _keys(
    service: InteractionService, db: Connection, sorted_: Sorted, told: Sequence[Told], *, trusted: bool
) -> list[str | None]:
    """The identity each event belongs to: the address where it is somebody's, else that of the message's recipient (None: to be asked).

    A stranger who writes becomes known by their address; a machine does not, and neither does an address that a report names.
    Whoever only wrote too much is still the same person.
    """
    wanted = [_email_key(each.about) for each in told]
    known = await store.find_known(db, [service.hash_identity(key) for key in wanted if key])
    keys: list[str | None] = []
    for key in wanted:
        believed = trusted or sorted_.kind == mail.EMAIL
        if believed and key is not None and service.hash_identity(key) in known:
            keys.append(key)
        elif sorted_.answers is not None:
            keys.append(None)
        else:
            keys.append("" if sorted_.automatic else key or "")
    return keys


async def _key_of_recipient(service: InteractionService, customer_id: UUID) -> str:
    try:
        return await posting.key_of(service, customer_id)
    except Refusal:
        return ""


def _email_key(address: str) -> str | None:
    try:
        return str(identity.identity_key("email", address)) if address else None
    except BadIdentity:
        return None


async def apply_mail(service: InteractionService, tx: Transaction, stored: Sequence[Outgoing]) -> None:
    """What follows from stored mails: their threads are remembered, answers, bounces and complaints told. Other events cost a look at their kind."""
    mails = [each for each in stored if each.incoming.event.kind in KINDS]
    if not mails:
        return
    threads: list[tuple[bytes, UUID]] = []
    files: list[tuple[UUID, bytes, datetime]] = []
    complaints: dict[tuple[bytes, str, date], interaction.ConsentSignalSeen] = {}
    for out in mails:
        event = out.incoming.event
        properties = event.properties
        threads += _threads(properties)
        reply = signals.reply_of(event, out.identity.hex())
        if reply is not None:
            tx.tell(reply)
        if event.stamp.source != SOURCE:
            continue
        files += [
            (UUID(event.stamp.receipt_id), bytes.fromhex(each["sha256"]), event.stamp.received_at) for each in properties.get("attachments", ())
        ]
        if event.kind == "bounce":
            bounce = signals.mail_bounce_of(event, out.identity.hex(), secret=service.identity_secret)
            if bounce is not None:
                tx.tell(bounce)
        elif event.kind == "complaint":
            complaint = signals.complaint_of(event, out.identity.hex(), secret=service.identity_secret)
            if complaint is not None:
                tx.tell(complaint)
                signal = signals.signal_of_complaint(complaint)
                complaints[bytes.fromhex(signal.identity), signal.signal, signal.seen_at.date()] = signal
    if threads:
        await store.put_threads(tx.db, threads, at=service.clock.now())
    if files:
        await store.put_uses(tx.db, files)
    if complaints:
        for new in sorted(await replicas.put_signals(tx.db, list(complaints))):
            tx.tell(complaints[new])


def _threads(properties: dict[str, object]) -> list[tuple[bytes, UUID]]:
    """A mail's Message-ID and all it refers to belong to its thread; one we recorded ourselves has the thread of the oldest it names."""
    own = properties.get("rfc_message_id")
    references = properties.get("references")
    named = [each for each in (references if isinstance(references, list) else []) if isinstance(each, str)][:100]
    if not isinstance(own, str) or not own:
        return []
    own = own.strip("<> ")
    try:
        thread = UUID(str(properties.get("thread")))
    except ValueError:
        thread = uuid.uuid5(THREADS, next(iter(named), own).strip("<> "))
    return [(mark_of(each.strip("<> ")), thread) for each in (own, *named)]


async def forget_counts(service: InteractionService) -> None:
    """What addresses sent a day ago matters no more."""
    async with service.transaction() as tx:
        await store.forget_counts(tx.db, before=service.clock.now() - timedelta(days=1))


async def forget_files(service: InteractionService) -> bool:
    """Files follow the interactions that had them: what retention or erasure removed is gone a day later. True: there may be more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        return await store.forget_unused(tx.db, before=now - timedelta(days=1), now=now, limit=FILES) >= FILES
