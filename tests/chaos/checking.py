"""What must hold after any faults, asked by SQL and of the raw log only: no code of the product judges itself, but the log's client that reads.

Each function returns complaints; an empty list is a proof.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import asyncpg

from chassis.eventlog import LogGap, Partition, Stored
from launcher import wiring

COLLECTED, RECORDED = "ecrm.collected", "ecrm.interaction"
ALL = ("interaction", "customer", "consent", "campaign")
#: The first answers are the telling ones.
SHOWN = 5


class Place(Protocol):
    """Where to ask: the databases by service, and the log."""

    def database_url(self, name: str) -> str: ...
    def log_url(self) -> str: ...


async def settle(shape: Place, seed: int, expected: int, *, seconds: float = 240, outboxes: Sequence[str] = ALL) -> None:
    """Until everything expected is stored and nothing waits in an outbox; what is missing then is the checks' business."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stored = await rows(shape, "interaction", "SELECT count(DISTINCT record::json->>'id') AS n FROM interaction WHERE record::json->>'id' LIKE $1", f"c{seed}-%")
        waiting = [await rows(shape, name, "SELECT count(*) AS n FROM outbox") for name in outboxes]
        if stored[0]["n"] >= expected and not any(found[0]["n"] for found in waiting):
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)


async def rows(shape: Place, database: str, statement: str, *arguments: Any) -> list[Any]:
    db = await asyncpg.connect(shape.database_url(database))
    try:
        return list(await db.fetch(statement, *arguments))
    finally:
        await db.close()


async def events(shape: Place, answered: set[str], posted: set[str], seed: int) -> list[str]:
    """Answered and lost, stored twice, stored and never posted."""
    found = await rows(shape, "interaction", "SELECT record::json->>'id' AS id FROM interaction WHERE record::json->>'id' LIKE $1", f"c{seed}-%")
    stored = Counter(row["id"] for row in found)
    return [
        *_told("answered 200 and lost", answered - set(stored)), *_told("stored twice", {one for one, times in stored.items() if times > 1}),
        *_told("stored and never posted", set(stored) - posted),
    ]


async def orders(shape: Place, batches: list[list[dict[str, Any]]]) -> list[str]:
    """Each order is there once, with its amount, in its first version."""
    expected = {
        event["properties"]["order_id"]: round(event["properties"]["total"] * 100)
        for batch in batches for event in batch if event.get("event") == "Order Completed"
    }
    found = await rows(shape, "interaction", "SELECT order_id, paid_minor, version FROM orders WHERE order_id = ANY($1)", list(expected))
    paid = {row["order_id"]: row["paid_minor"] for row in found}
    versions = await rows(shape, "interaction", "SELECT order_id, count(*) AS n FROM order_version WHERE order_id = ANY($1) GROUP BY 1", list(expected))
    return [
        *_told("orders lost", expected.keys() - paid.keys()), *_told("orders of another amount", {one for one, amount in paid.items() if amount != expected[one]}),
        *_told("orders applied twice", {row["order_id"] for row in versions if row["n"] != 1} | {row["order_id"] for row in found if row["version"] != 1}),
    ]


async def people(shape: Place, posted: set[str], seed: int, *, seconds: float = 180) -> list[str]:
    """Every posted identity belongs to exactly one customer, once the readers have caught up."""
    deadline = time.monotonic() + seconds
    while True:
        found = Counter(
            row["key"].removeprefix("anon:") for row in await rows(shape, "customer", "SELECT key FROM identity WHERE key LIKE $1", f"anon:chaos-{seed}-%")
        )
        if set(found) >= posted or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    return [*_told("people lost", posted - set(found)), *_told("people twice", {one for one, times in found.items() if times > 1})]


async def order_in_log(shape: Place, answered: set[str], batches: list[list[dict[str, Any]]], seed: int) -> tuple[list[str], dict[str, int]]:
    """What was posted one after the other under one key stands so in the log: in what was collected, and in what was told after storing."""
    posted = {event["messageId"] for batch in batches for event in batch}
    complaints: list[str] = []
    figures: dict[str, int] = {}
    for topic in (COLLECTED, RECORDED):
        records = [(record.key, name) for record, name in _named(await raw(shape, topic)) if name in posted]
        found, seen = out_of_order(records)
        figures |= {f"{topic}.records": len(records), f"{topic}.repetitions": len(records) - len(seen)}
        complaints += _told(f"answered 200 and not in {topic}", answered - seen)
        complaints += _told(f"out of order in {topic}", found)
    return complaints, figures


def out_of_order(records: list[tuple[bytes, str]]) -> tuple[set[str], set[str]]:
    """Of (key, message id) in the order of the log: what came late under its key, and all there is.

    The first time that an event stands there counts: repetitions are allowed in the log, never in its order.
    """
    met: dict[bytes, int] = {}
    seen: set[str] = set()
    late: set[str] = set()
    for key, name in records:
        if name not in seen:
            seen.add(name)
            number = int(name.rpartition("-")[2])
            if met.get(key, -1) > number:
                late.add(name)
            met[key] = max(number, met.get(key, -1))
    return late, seen


async def seeded(shape: Place, answered: set[str], batches: list[list[dict[str, Any]]], seed: int, mails: Counter[tuple[str, str]]) -> dict[str, list[str]]:
    """Do what faults must never do, in the store and the mailbox themselves; what the checks say of each."""
    posted = {event["messageId"] for batch in batches for event in batch}
    some = f"c{seed}-%"
    await rows(shape, "interaction", "DELETE FROM interaction WHERE id = (SELECT id FROM interaction WHERE record::json->>'id' LIKE $1 LIMIT 1)", some)
    found = {"lost": await events(shape, answered, posted, seed)}
    await rows(
        shape, "interaction",
        "UPDATE interaction SET record = (SELECT o.record FROM interaction o WHERE o.record::json->>'id' LIKE $1 AND o.id <> interaction.id LIMIT 1) "
        "WHERE id = (SELECT id FROM interaction WHERE record::json->>'id' LIKE $1 ORDER BY id DESC LIMIT 1)", some,
    )
    found["doubled"] = await events(shape, answered, posted, seed)
    await rows(shape, "interaction", "UPDATE orders SET paid_minor = 2 * paid_minor WHERE order_id = (SELECT min(order_id) FROM orders)")
    found["applied twice"] = await orders(shape, batches)
    states = await ledger(shape)
    accepted = next(one for one, state in states.items() if state == "accepted")
    found["sent twice"] = sends(states, mails + Counter([accepted]))
    found["not sent"] = sends(states, mails - Counter([accepted]))
    found["sent by nobody"] = sends({one: state for one, state in states.items() if one != accepted}, mails)
    found["out of order"] = sorted(out_of_order([(b"k", "c-2"), (b"k", "c-3"), (b"k", "c-1")])[0])
    return found


async def ledger(shape: Place) -> dict[tuple[str, str], str]:
    """The state of each message in the send ledger, by (subject, recipient), as `mailing` names campaigns and people."""
    people = {row["customer_id"]: row["key"].removeprefix("user:") for row in await rows(shape, "customer", "SELECT key, customer_id FROM identity WHERE key LIKE 'user:mail-%'")}
    found = await rows(shape, "campaign", "SELECT m.customer_id, m.state, c.name FROM message m JOIN campaign c ON c.id = m.origin_id")
    return {(row["name"], f"{people[row['customer_id']]}@chaos.example"): row["state"] for row in found}


def sends(states: dict[tuple[str, str], str], mails: Counter[tuple[str, str]]) -> list[str]:
    """No mail twice; what is said to be accepted has come; what has come was accepted, or is listed as unknown; every message has ended."""
    return [
        *_told("mails twice", {" to ".join(one) for one, times in mails.items() if times > 1}),
        *_told("accepted and never came", {" to ".join(one) for one, state in states.items() if state == "accepted" and one not in mails}),
        *_told("came and is not in the ledger", {" to ".join(one) for one in mails if states.get(one) not in {"accepted", "unknown"}}),
        *_told("never ended", {" to ".join(one) for one, state in states.items() if state not in {"accepted", "unknown", "suppressed", "failed"}}),
    ]


async def raw(shape: Place, topic: str) -> list[Stored]:
    """Everything the log has of a topic, partition by partition."""
    log = wiring.event_log(shape.log_url())
    await log.start()
    try:
        found: list[Stored] = []
        for number in range(await log.partitions(topic)):
            partition = Partition(topic, number)
            position, end = await log.bounds(partition)
            while position < end:
                try:
                    read = await log.read(partition, position)
                except LogGap as gap:
                    raise AssertionError(f"the log has a hole: {gap}") from gap
                if not read:
                    break
                found += read
                position = read[-1].next
        return found
    finally:
        await log.close()


def _named(records: list[Stored]) -> Iterator[tuple[Stored, str]]:
    """The events among the records, with their message ids, in the order of the log."""
    for record in records:
        if record.value and b'"c' in record.value:
            try:
                said = json.loads(record.value)
            except ValueError:
                continue
            name = said.get("messageId") or said.get("id")
            if isinstance(name, str):
                yield record, name


def posted_people(batches: list[list[dict[str, Any]]]) -> set[str]:
    return {event["anonymousId"] for batch in batches for event in batch}


def _told(what: str, found: set[str]) -> list[str]:
    return [f"{what}: {len(found)}, as {sorted(found)[:SHOWN]}"] if found else []


async def everything(
    shape: Place, answered: set[str], batches: list[list[dict[str, Any]]], seed: int, mails: Counter[tuple[str, str]],
) -> tuple[list[str], dict[str, int]]:
    """All of it: the complaints and the figures."""
    await settle(shape, seed, len(answered))
    posted = {event["messageId"] for batch in batches for event in batch}
    in_log, figures = await order_in_log(shape, answered, batches, seed)
    states = await ledger(shape)
    complaints = [
        *await events(shape, answered, posted, seed), *await people(shape, posted_people(batches), seed), *await orders(shape, batches), *in_log,
        *sends(states, mails),
    ]
    return complaints, {**figures, "mails": sum(mails.values()), **{f"messages_{state}": number for state, number in Counter(states.values()).items()}}
