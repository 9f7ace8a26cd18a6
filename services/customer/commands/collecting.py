"""Recorded interactions -> customers, a micro-batch at a time. The hot path: an event that says nothing new costs no SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.eventlog import Stored
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts import identity as identities
from contracts.envelope import ORIGIN, header
from services.customer import store
from services.customer.commands.joining import Joining
from services.customer.commands.resolving import Assertion, resolve
from services.customer.domain import accounts, traits
from services.customer.domain.definitions import NONE, Definitions, shortened
from services.customer.domain.graph import Claim, Named
from services.customer.settings import CustomerService

EVENTS = telemetry.counter("ecrm_customer_events_total", "Recorded interactions by what they meant here", ("outcome",))
LEFT_OUT = telemetry.counter("ecrm_customer_traits_left_out_total", "Traits of events that could not be used", ("name",))


class Seen(msgspec.Struct):
    """What decides whether an event has to be looked at closer; the rest of the record is skipped by the decoder."""

    identity: str
    authority: str
    kind: str
    links: list[str] = []


class Personal(msgspec.Struct):
    keys: list[str]
    traits: msgspec.Raw = msgspec.Raw(b"{}")
    properties: msgspec.Raw = msgspec.Raw(b"{}")
    context: msgspec.Raw = msgspec.Raw(b"{}")


class Said(msgspec.Struct):
    """What is needed of an event that links or tells something."""

    id: str
    source: str
    authority: str
    kind: str
    identity: str
    occurred_at: datetime
    personal: Personal
    links: list[str] = []


#: Kinds of events that tell traits, so each is looked at.
_TELLING: Final = frozenset({"identify", "group"})

_seen = msgspec.json.Decoder(Seen).decode
_said = msgspec.json.Decoder(Said).decode
_json = msgspec.json.Decoder(dict[str, Any]).decode


async def resolve_interactions(service: CustomerService, tx: Transaction, *, records: Sequence[Stored]) -> None:
    """Resolve the identities and traits of recorded interactions, in their order. A record that comes twice changes nothing."""
    settled, definitions = service.resources.settled, NONE
    assertions: list[Assertion] = []
    refused: list[store.refusals.Row] = []
    resolved = 0
    erased = await store.erasures.current(tx.db, service.resources.erasures)
    for record in records:
        if record.value is None:
            continue
        seen = _seen(record.value)
        if erased and (seen.identity in erased or not erased.isdisjoint(seen.links)):
            EVENTS.labels("erased").inc()
            continue
        if not seen.identity:
            continue  # an event that names nobody says nothing about anybody
        if seen.kind not in _TELLING and seen.identity in settled:
            word = _word(seen.authority, seen.kind)
            if all(seen.identity + link + word in settled for link in seen.links):
                continue
        if seen.kind in _TELLING:
            # In memory, and looked up again at most once a second.
            definitions = await store.definitions.current(tx.db, service.resources.definitions)
        resolved += 1
        assertions += _assertions(service, record, _said(record.value), definitions, refused)
    EVENTS.labels("settled").inc(len(records) - resolved)
    assertions = await _of_the_unerased(service, tx, assertions)
    if not assertions:
        return
    EVENTS.labels("resolved").inc(resolved)
    outcome = await resolve(service, tx, assertions)
    if refused:
        await store.refusals.note(tx.db, rows=refused)
    settled.note((records[-1].partition, records[-1].offset), outcome.settled)


async def _of_the_unerased(service: CustomerService, tx: Transaction, assertions: list[Assertion]) -> list[Assertion]:
    """Without those of people who were erased since the marks were last read; from here on nobody is erased until the commit."""
    if not assertions:
        return assertions
    await store.identities.hold_still(tx.db)
    erased = await store.erasures.current(tx.db, service.resources.erasures, at_once=True)
    return [each for each in assertions if erased.isdisjoint(named.hash.hex() for named in each.claim.named)] if erased else assertions


async def settle_interactions(service: CustomerService, *, records: Sequence[Stored]) -> None:
    """After the commit of these records: what they said needs no look-up any more."""
    service.resources.settled.commit({(record.partition, record.offset) for record in records})


def _word(authority: str, kind: str) -> str:
    return "a" if authority == "server" and kind == "alias" else "s" if authority == "server" else "b"


def _assertions(
    service: CustomerService, record: Stored, said: Said, definitions: Definitions, refused: list[store.refusals.Row]
) -> list[Assertion]:
    """What an event says of a person, and a `group` event of an account beside that."""
    server = said.authority == "server"
    rank = traits.RANKS.get(said.authority, traits.EXTERNAL)
    position = (int(header(record.headers, ORIGIN) or record.offset), record.partition)
    told: traits.Traits = {}
    if said.kind in _TELLING:
        told = _told(service, said, definitions, refused, rank=rank, position=position)
    named = _named(said)
    links = named[1:]
    if said.kind == "identify" and server:
        links += contact_identities(service, traits.values(told))
    known = {named[0].hash}
    links = [link for link in links if link.hash not in known and not known.add(link.hash)]  # type: ignore[func-returns-value]
    claim = Claim(
        named[0], tuple(links), server, server and said.kind == "alias", said.occurred_at, said.source, said.id,
        type="organisation" if named[0].kind == "account" else "person", begins=_begun(service, said, named[0]),
    )
    if said.kind != "group":
        return [Assertion(claim, told, position)]
    key = accounts.account_key(_json(said.personal.properties).get("groupId"))
    if key is None:
        return [Assertion(claim, {}, position)]
    account = Named(service.hash_identity(key), "account", key)
    role = accounts.role_of(_json(said.personal.context).get("role"))
    return [
        Assertion(claim, {}, position, Joining(account, role, said.occurred_at, rank, said.source)),
        Assertion(
            Claim(
                account, (), server, False, said.occurred_at, said.source, said.id, type="organisation", begins=_begun(service, said, account),
            ),
            told, position,
        ),
    ]


def _begun(service: CustomerService, said: Said, primary: Named) -> UUID:
    """The id of the customer that an event begins: the same whenever the event is read again, so that after a restore, or in a replay,
    other services' copies still name the same people. In the form of the other ids (version 7); nobody without the secret can tell it.
    """
    about = f"{said.source}\n{said.id}\n{said.occurred_at.isoformat()}\n{primary.key}".encode()
    digest = int.from_bytes(hashlib.blake2b(about, key=service.identity_secret, person=b"customer", digest_size=10).digest(), "big")
    milliseconds = max(0, int(said.occurred_at.timestamp() * 1000)) & (1 << 48) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | (digest >> 68) << 64 | 2 << 62 | digest & (1 << 62) - 1)


def _told(
    service: CustomerService, said: Said, definitions: Definitions, refused: list[store.refusals.Row], *, rank: int, position: tuple[int, int]
) -> traits.Traits:
    """The usable traits of an event; those that do not fit are added to `refused`, so that somebody can find the cause."""
    clean = traits.cleaned(_json(said.personal.traits), region=service.settings.default_region or None)
    misfits = {name: misfit.reason for name, value in clean.values.items() if (misfit := definitions.misfit(name, value)) is not None}
    for name in (*clean.left_out, *misfits):
        LEFT_OUT.labels(name).inc()
    reasons = dict.fromkeys(clean.refused, "nothing that anybody could be reached at") | misfits
    for name, reason in reasons.items():
        value = None if name in definitions.sensitive else shortened(clean.values[name] if name in misfits else clean.refused[name])
        refused.append(store.refusals.Row(new_id(), name, said.source, said.id, reason, value, service.clock.now()))
    return {
        name: traits.Trait(value, rank, said.occurred_at, position, said.id, said.source)
        for name, value in clean.values.items() if name not in misfits
    }


def _named(said: Said) -> list[Named]:
    """The identities of an event, the primary one first; hashes and keys stand in the same order."""
    hashes = [said.identity, *said.links]
    return [Named(bytes.fromhex(hex_hash), key.partition(":")[0], key) for hex_hash, key in zip(hashes, said.personal.keys, strict=True)]


def contact_identities(service: CustomerService, values: dict[str, Any]) -> list[Named]:
    """The e-mail address and telephone number among clean traits, as identities; a number is one only in E.164."""
    found = []
    for kind in ("email", "phone"):
        value = values.get(kind)
        if not isinstance(value, str) or service.resources.rules.refuses(kind, value) or (kind == "phone" and not value.startswith("+")):
            continue
        try:
            key = str(identities.identity_key(kind, value))
        except identities.BadIdentity:
            continue
        found.append(Named(service.hash_identity(key), kind, key))
    return found
