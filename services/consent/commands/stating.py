"""People grant, withdraw and stop; signals in events refuse. Every statement goes into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import new_id
from contracts import links
from contracts.interaction import ConsentSignalSeen
from services.consent import errors
from services.consent.commands.recording import Recorded, Subject, Withdrawal, again_on_collision, barrier, record
from services.consent.domain import statements
from services.consent.domain.statements import ANY, DOUBLE_OPT_IN, GRANTED, PENDING, WITHDRAWN, Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import ledger, mails, pending, people, purposes


class Grant(NamedTuple):
    """One permission somebody gave. `said_at`: when, if not now; `language`: of the wording that was shown.

    `proven`: it needs no confirmation, because the evidence holds one. `mailed`: the link to confirm it by e-mail is sent to the person.
    """

    subject: Subject
    purpose: str
    channel: str | None
    source: str
    evidence: dict[str, Any]
    language: str | None = None
    said_at: datetime | None = None
    wording_version: int | None = None
    proven: bool = False
    mailed: bool = True


async def grant_consents(service: ConsentService, *, grants: Sequence[Grant], actor: str) -> list[Recorded]:
    """Record up to 1,000 grants, all or none; where the purpose asks for it, they wait for their confirmation.

    Raises UnknownPurpose, UnknownChannel, ChannelNeeded, SaidInFuture, UnknownWording.
    """
    now = service.clock.now()

    async def act() -> list[Recorded]:
        async with service.transaction() as tx:
            defined = await purposes.newest(tx.db)
            entries = [_entry(grant, _purpose(defined, grant.purpose), actor=actor, now=now) for grant in grants]
            recorded = await record(tx, entries, defined)
            until = now + timedelta(hours=service.settings.confirm_hours)
            waiting = [one.id for one in entries if one.state == PENDING]
            await pending.insert(tx.db, waiting, expires_at=until)
            await mails.plan(
                tx.db, [one.id for one, grant in zip(entries, grants, strict=True) if one.state == PENDING and one.channel == MAILED and grant.mailed], now=now
            )
            return [
                one._replace(confirm_token=confirm_token(service, one.entry_id, until)) if one.state == PENDING else one for one in recorded
            ]

    return await again_on_collision(act)


def confirm_token(service: ConsentService, entry_id: UUID, until: datetime) -> str:
    """What the link to confirm a pending grant carries; it says nothing of the person."""
    return links.seal(service.link_secret, links.CONFIRM, [str(entry_id), str(int(until.timestamp()))])


async def withdraw_consent(
    service: ConsentService, *, subject: Subject, purpose: str, channel: str | None, source: str, evidence: dict[str, Any], actor: str,
    language: str | None = None,
) -> Withdrawal:
    """Withdraw one channel, or all of the purpose, and return when no message can start any more: the barrier.

    The change waits for permits that are just being granted (their transactions hold the person's row), then for the granted ones to be
    closed, at most `barrier_seconds` after the commit by this process's monotonic clock. A statement for an identity nobody is known under
    waits that whole time. Withdrawing again records nothing and waits the same way. Raises UnknownPurpose, UnknownChannel.
    """

    async def act() -> tuple[list[Recorded], list[str]]:
        async with service.transaction() as tx:
            every = await purposes.newest(tx.db)
            defined = _purpose(every, purpose)
            channels = [channel] if channel is not None else defined.channels
            if channel is not None and channel not in defined.channels:
                raise errors.UnknownChannel(defined.channels)
            now = service.clock.now()
            entries = [
                Entry(
                    new_id(), subject.customer_id, subject.identity, language, source, evidence, actor, purpose, listed, WITHDRAWN,
                    defined.version, defined.legal_basis, now, now,
                )
                for listed in channels
            ]
            return await record(tx, entries, every), channels

    recorded, channels = await again_on_collision(act)
    committed = service.clock.monotonic()
    customer = recorded[0].customer_id
    await barrier(service, customer, [f"{purpose}/{listed}" for listed in channels], committed)
    return Withdrawal(service.clock.now(), customer, purpose, channels, [listed.entry_id for listed in recorded])


async def stop_contact(
    service: ConsentService, *, subject: Subject, channel: str | None, source: str, evidence: dict[str, Any], actor: str,
    language: str | None = None,
) -> Withdrawal:
    """Stop all that can be stopped, on one channel or everywhere, until it is lifted; the barrier holds as for withdrawals.

    Grants, earlier or later, do not count against it. Raises UnknownChannel.
    """
    recorded, scopes = await _stop(
        service, subject=subject, channel=channel, source=source, evidence=evidence, actor=actor, language=language, state=WITHDRAWN
    )
    committed = service.clock.monotonic()
    await barrier(service, recorded.customer_id, scopes, committed)
    return Withdrawal(service.clock.now(), recorded.customer_id, ANY, [channel or ANY], [recorded.entry_id])


async def lift_stop(
    service: ConsentService, *, subject: Subject, channel: str | None, source: str, evidence: dict[str, Any], actor: str,
    language: str | None = None,
) -> Recorded:
    """The stop ends; what was said for each purpose counts again. Raises UnknownChannel."""
    recorded, _ = await _stop(
        service, subject=subject, channel=channel, source=source, evidence=evidence, actor=actor, language=language, state=GRANTED
    )
    return recorded


async def _stop(
    service: ConsentService, *, subject: Subject, channel: str | None, source: str, evidence: dict[str, Any], actor: str,
    language: str | None, state: str,
) -> tuple[Recorded, list[str]]:
    async def act() -> tuple[Recorded, list[str]]:
        async with service.transaction() as tx:
            defined = await purposes.newest(tx.db)
            known = sorted({listed for purpose in defined.values() for listed in purpose.channels})
            if channel is not None and channel not in known:
                raise errors.UnknownChannel(known)
            now = service.clock.now()
            entry = Entry(
                new_id(), subject.customer_id, subject.identity, language, source, evidence, actor, ANY, channel or ANY, state, 0, "objection",
                now, now,
            )
            (recorded,) = await record(tx, [entry], defined)
            scopes = [
                f"{name}/{listed}" for name, purpose in defined.items() if purpose.stoppable for listed in purpose.channels
                if channel in (None, listed)
            ]
            return recorded, scopes

    return await again_on_collision(act)


async def take_signal(service: ConsentService, tx: Any, *, signal: ConsentSignalSeen, evidence_id: str) -> None:
    """A refusal seen in an event narrows what counts, unless the person said otherwise later. Unknown signals are an error."""
    defined = await purposes.newest(tx.db)
    refused: Sequence[str]
    if signal.signal.startswith(CONSENT_MODE):
        refused = (await purposes.modes(tx.db)).get(signal.signal.removeprefix(CONSENT_MODE), [])
    elif signal.signal == CATEGORY:
        refused = [signal.purpose or ""]
    else:
        refused = statements.SIGNALS[signal.signal]
    now = service.clock.now()
    said_at = min(signal.seen_at, now)
    entries = [
        Entry(
            new_id(), None, bytes.fromhex(signal.identity), None, f"signal:{signal.signal}",
            {**signal.evidence, "event": evidence_id, "event_source": signal.source}, "event", purpose, channel, WITHDRAWN,
            defined[purpose].version, defined[purpose].legal_basis, said_at, now,
        )
        for purpose in refused
        if purpose in defined
        for channel in defined[purpose].channels
        if signal.channel is None or signal.channel == channel or signal.signal == "gpc"
    ]
    await record(tx, entries, defined)


async def take_grant(service: ConsentService, tx: Any, *, signal: ConsentSignalSeen, evidence_id: str) -> None:
    """A permission that somebody ticked in a form. Nobody has shown that the address is theirs: where the person refused, it only waits
    for a confirmation. Raises UnknownPurpose, UnknownChannel.
    """
    defined, now, identity = await purposes.newest(tx.db), service.clock.now(), bytes.fromhex(signal.identity)
    evidence = {**signal.evidence, "event": evidence_id, "text_version": signal.wording}
    grant = Grant(
        Subject(identity=identity), signal.purpose or "", signal.channel, signal.source, evidence, language=signal.language,
        said_at=min(signal.seen_at, now),
    )
    entry = _entry(grant, _purpose(defined, grant.purpose), actor="event", now=now)
    if await _has_refused(tx, identity, entry):
        entry = entry._replace(state=PENDING)
    await record(tx, [entry], defined)
    if entry.state == PENDING:
        await pending.insert(tx.db, [entry.id], expires_at=now + timedelta(hours=service.settings.confirm_hours))
        await mails.plan(tx.db, [entry.id] if entry.channel == MAILED else [], now=now)


async def _has_refused(tx: Any, identity: bytes, entry: Entry) -> bool:
    """Whether this person, known or not yet, has withdrawn what the entry would grant."""
    await ledger.hold_identities(tx.db, learning=False)
    customer = (await ledger.customers_of(tx.db, [identity])).get(identity)
    if customer is None:
        said = await ledger.waiting_for(tx.db, [identity])
        return any(one.state == WITHDRAWN and (one.purpose, one.channel) == (entry.purpose, entry.channel) for one in said)
    locked = await people.lock(tx.db, {customer})
    counts = locked[locked[customer].root_id].effective.get(entry.purpose, {}).get(entry.channel)
    return counts is not None and counts.state == WITHDRAWN


async def state_mode(
    service: ConsentService, *, subject: Subject, told: Mapping[str, str], evidence: Mapping[str, Any], actor: str, language: str | None
) -> list[Recorded]:
    """What a consent mode says becomes statements on every channel of the purposes its types speak of; of two types on one purpose a denial counts.

    A grant of a purpose with double opt-in waits for nothing here: it is left out, since a banner proves no address.
    """

    async def act() -> list[Recorded]:
        async with service.transaction() as tx:
            defined, modes, now = await purposes.newest(tx.db), await purposes.modes(tx.db), service.clock.now()
            states: dict[str, list[tuple[str, str]]] = {}
            for type_, said in told.items():
                for purpose in modes.get(type_, []):
                    states.setdefault(purpose, []).append((type_, said))
            entries = []
            for name, said_of in states.items():
                known = defined[name]
                state = WITHDRAWN if any(said == "denied" for _, said in said_of) else GRANTED
                if state == GRANTED and known.basis == DOUBLE_OPT_IN:
                    continue
                entries += [
                    Entry(
                        new_id(), subject.customer_id, subject.identity, language, "consent_mode", {**evidence, "consent_mode": dict(said_of)}, actor,
                        name, channel, state, known.version, known.legal_basis, now, now,
                        expires_at=grant_ends(known, now) if state == GRANTED else None,
                    )
                    for channel in known.channels
                ]
            return await record(tx, entries, defined)

    return await again_on_collision(act)


#: Links to confirm go by this channel; on another one whoever asked for the grant sends them.
MAILED = "email"
#: Signals of a consent mode are told as `consent_mode:` and the type that was denied.
CONSENT_MODE = "consent_mode:"
#: A category of a consent banner was refused; the signal names the purpose.
CATEGORY = "category"


def _entry(grant: Grant, purpose: Purpose, *, actor: str, now: datetime) -> Entry:
    channel = grant.channel
    if channel is None:
        if len(purpose.channels) != 1:
            raise errors.ChannelNeeded(purpose.channels)
        channel = purpose.channels[0]
    if channel not in purpose.channels:
        raise errors.UnknownChannel(purpose.channels)
    said_at = grant.said_at or now
    if said_at > now + timedelta(seconds=60):
        raise errors.SaidInFuture
    if grant.wording_version is not None and grant.wording_version > purpose.version:
        raise errors.UnknownWording(purpose.version)
    said_at = min(said_at, now)
    state = PENDING if purpose.basis == DOUBLE_OPT_IN and not grant.proven else GRANTED
    return Entry(
        new_id(), grant.subject.customer_id, grant.subject.identity, grant.language, grant.source, grant.evidence, actor, purpose.purpose,
        channel, state, grant.wording_version or purpose.version, purpose.legal_basis, said_at, now, expires_at=grant_ends(purpose, said_at),
    )


def grant_ends(purpose: Purpose, said_at: datetime) -> datetime | None:
    """When a grant given then lapses."""
    return said_at + timedelta(days=purpose.expires_after_days) if purpose.expires_after_days else None


def _purpose(defined: Mapping[str, Purpose], purpose: str) -> Purpose:
    if purpose not in defined:
        raise errors.UnknownPurpose(purpose)
    return defined[purpose]


__all__ = [
    "Grant", "Recorded", "Subject", "Withdrawal", "confirm_token", "grant_consents", "grant_ends", "lift_stop", "stop_contact", "take_grant", "take_signal",
    "withdraw_consent",
]
