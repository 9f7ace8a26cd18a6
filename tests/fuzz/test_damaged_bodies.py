"""Bodies of collection, damaged in a thousand ways: a promised answer, and the good events beside bad ones stand in the log once each.

Small: 20,000 bodies. SCALE=full: 1,000,000. FUZZ_BODIES: any number.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

import pytest

from contracts import collected
from contracts.envelope import header
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.collecting.support import Door, basic, open_door
from tests.support import proofs

BODIES: Final = int(os.environ.get("FUZZ_BODIES", "1000000" if proofs.FULL else "20000"))
SEED: Final = 20261123
AT_ONCE: Final = 24
ALLOWED: Final = {200, 400, 401, 404, 408, 413, 415, 429, 503}
#: Values that are JSON, but nothing an event may hold there.
VALUES: Final = [
    "null", "true", "-1", "[]", "{}", '""', '" "', '"\\u0000"', '"\\ud83d"', '"\\udc00\\ud83d"', "123456789012345678901234567890", "9007199254740993", "1e308", "-0.0", "1e-400",
    '"4111 1111 1111 1111"', '"6037991234567893"', '"' + "x" * 40_000 + '"', '{"a":' * 40 + "1" + "}" * 40, "[" * 60 + "]" * 60, "[" + "1," * 2500 + "1]",
    '{"' + "k" * 300 + '":1}', '"ecrm.touchpoint.call.v1"', '"2026-13-45T99:99:99Z"', '"\u202eevil"', '"\\\\"', '"سلام 😀"', '{"__proto__":{"a":1}}', '"$ne"', "[[[[[{}]]]]]",
    '{"id":"x","id":"y"}', '"\x7f"', '"=cmd()"', '"{{7*7}}"',
]
FIELDS: Final = [
    "type", "userId", "anonymousId", "event", "properties", "traits", "context", "messageId", "timestamp", "originalTimestamp", "sentAt", "groupId", "previousId", "integrations",
    "name", "category", "action", "user_id", "writeKey", "receivedAt", "ecrm",
]
SHARED: Final = ("null", "[]", "{}", "true", '"x"')
#: Bytes that damage a body wherever they come to stand.
BYTES: Final = [
    b"\x00", b"\xff", b"\xed\xa0\x80", b"NaN", b"Infinity", b"1e999", b"[" * 1200, b"{", b"}", b"]", b'"', b"\\", b",", b":", b"\xef\xbb\xbf", b"/*", b"\\ud83d", b"\\u00", b"'",
]


def event(kind: str, message_id: str, chance: Random) -> str:
    """A good one."""
    made = {
        "type": kind, "userId": f"u{chance.randrange(50)}", "messageId": message_id, "event": "Seen", "groupId": "g", "previousId": "p",
        "timestamp": "2026-03-01T08:00:00Z", "properties": {"n": chance.randrange(1000), "text": "گل"}, "traits": {"plan": "x"},
    }
    return json.dumps(made, ensure_ascii=chance.random() < 0.5)


def bad(chance: Random) -> str:
    """One whose fields have other values than they should; sometimes it is fine after all."""
    parts = {"type": '"track"', "userId": '"u"', "event": '"Odd"'}
    for _ in range(chance.randint(1, 4)):
        parts[chance.choice(FIELDS)] = chance.choice(VALUES)
    if chance.random() < 0.1:
        return chance.choice(VALUES)
    return "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}"


class Posted:
    """One body, the good events in it, and whether it is damaged as a whole."""

    def __init__(self, number: int) -> None:
        chance = Random(f"{SEED}/{number}")
        kinds = ["track", "identify", "page", "screen", "group", "alias"]
        self.good = [f"f{number}-{place}" for place in range(chance.randint(0, 3))]
        items = [event(chance.choice(kinds), message_id, chance) for message_id in self.good] + [bad(chance) for _ in range(chance.randint(0, 3))]
        chance.shuffle(items)
        rest = "".join(f',"{name}":{chance.choice(SHARED)}' for name in ("sentAt", "integrations") if chance.random() < 0.1)
        self.body = ('{"batch":[' + ",".join(items) + "]" + rest + "}").encode("utf-8", "surrogatepass")
        self.whole = chance.random() < 0.5 and bool(self.good)
        self.headers = dict(basic())
        if not self.whole:
            damaged = bytearray(self.body)
            for _ in range(chance.randint(1, 5)):
                place = chance.randrange(len(damaged) + 1)
                damaged[place : place + chance.choice((0, 1, 1, 5, 40))] = chance.choice(BYTES) if chance.random() < 0.8 else chance.randbytes(3)
            self.body = bytes(damaged)
        if chance.random() < 0.1 and len(self.body) < 60_000:  # beyond, what repeats itself too often is refused
            packed = gzip.compress(self.body, 1)
            self.body = packed if self.whole else packed[: chance.randrange(len(packed))] + chance.randbytes(2)
            self.headers["content-encoding"] = "gzip"
        self.path = chance.choice(("/v1/batch", "/v1/b", "/v1/import"))
        if not self.whole and chance.random() < 0.3:
            self.path = chance.choice(("/v1/track", "/v1/identify", "/api/s/page", "/v1/events", "/beacon/v1/batch"))


async def post_all(door: Door, first: int, last: int, note: Callable[[Posted, int, bytes], None]) -> None:
    numbers = iter(range(first, last))

    async def worker() -> None:
        for number in numbers:
            posted = Posted(number)
            reply = await door.ask("POST", posted.path, posted.body, headers=posted.headers)
            note(posted, reply.status, reply.body)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


@pytest.mark.slow
@pytest.mark.timeout(36_000 if proofs.FULL else 900)
@pytest.mark.asyncio
async def test_damaged_bodies_cost_nothing_but_themselves(cluster: PrivateCluster) -> None:
    begin = time.process_time()
    answers: Counter[int] = Counter()
    expected: set[str] = set()
    faults: list[str] = []
    kept = 0

    def note(posted: Posted, status: int, body: bytes) -> None:
        answers[status] += 1
        if status not in ALLOWED or (posted.whole and status != 200):
            faults.append(f"{posted.path} {status} {body[:300]!r} for {posted.body[:1500]!r}")
        if posted.whole:
            expected.update(posted.good)
            said = json.loads(body)
            if status == 200 and said["accepted"] < len(posted.good):
                faults.append(f"good events refused: {body[:500]!r} for {posted.body[:1500]!r}")

    async with open_door(cluster) as door:
        for first in range(0, BODIES, 5000):
            await post_all(door, first, min(first + 5000, BODIES), note)
            assert not faults, faults[:3]
            found = Counter(
                (header(record.headers, "ce_id") or b"").decode() for record in await door.appended() if header(record.headers, "ce_type") == b"ecrm.collected.v1"
            )
            wanted, expected = expected, set()
            assert {one for one in wanted if found[one] != 1} == set()
            kept += len(wanted)
    assert collected.TOPIC
    proofs.keep("bodies", {"bodies": BODIES, "seed": SEED, "answers": answers, "good_events_kept": kept, "cpu_seconds": round(time.process_time() - begin, 1)})
    assert kept > BODIES // 4
    assert answers[200] > BODIES // 4
    assert answers[400] > BODIES // 10
