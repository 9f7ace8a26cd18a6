"""A collector on a real PostgreSQL log, asked as the gateway asks it."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from chassis.clock import Clock
from chassis.eventlog import EventLog, Partition, Record, Stored
from chassis.identity import Caller, Tokens
from chassis.keys import TOPIC as KEYS
from chassis.keys import KeyTable, key_hash
from chassis.peers import App
from contracts import collected
from contracts.envelope import header
from contracts.gateway import KeyState, SourceSettings
from launcher.embedded_postgres import PrivateCluster
from services.interaction.api.collector import Collector
from tests.support import platform
from tests.support.platform import KEYS as SIGNING
from tests.support.platform import platform_settings

KEY = "ecrm_wk_shop_secret_crc"
BROWSER_KEY = "ecrm_wk_web_secret_crc"
DISABLED_KEY = "ecrm_wk_off_secret_crc"
API_KEY = "ecrm_ak_partner"
READ_KEY = "ecrm_ak_reader"
CAPTURED_KEY = "test-write-key"

STATES = [
    KeyState(key_hash=key_hash(KEY), key_id="k1", kind="source", source=SourceSettings(source_id="shop", name="Shop")),
    KeyState(key_hash=key_hash(BROWSER_KEY), key_id="k2", kind="source", source=SourceSettings(source_id="web", name="Web", kind="browser")),
    KeyState(key_hash=key_hash(DISABLED_KEY), key_id="k3", kind="source", source=SourceSettings(source_id="off", name="Off", enabled=False)),
    KeyState(key_hash=key_hash(API_KEY), key_id="k4", kind="api", scopes=["collect:write"], source=SourceSettings(source_id="partner", name="Partner")),
    KeyState(key_hash=key_hash(READ_KEY), key_id="k5", kind="api", scopes=["customers:read"], source=SourceSettings(source_id="partner", name="Partner")),
    KeyState(key_hash=key_hash(CAPTURED_KEY), key_id="k7", kind="source", source=SourceSettings(source_id="shop", name="Shop")),
    KeyState(key_hash=key_hash("revoked-key"), key_id="k6", kind="source", revoked=True, source=SourceSettings(source_id="shop", name="Shop")),
]


def basic(key: str = KEY, *, colon: str = ":") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode((key + colon).encode()).decode()}


class Reply:
    """An answer of the collector; `status` 0 when it said nothing."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Door:
    """Asks a collector app and reads back what it appended."""

    def __init__(self, app: App, log: EventLog, tokens: Tokens) -> None:
        self.app, self.log, self._tokens = app, log, tokens
        self._seen: dict[int, int] = {}

    def token(self, source_id: str = "") -> str:
        return self._tokens.mint("collector", Caller(subject=source_id, kind="source", source_id=source_id or None))

    async def ask(
        self, method: str, path: str, body: bytes | Sequence[bytes] = b"", *, headers: Mapping[str, str] | None = None, query: str = "",
        resolved: str | None = "", pause: float = 0, disconnect: bool = False,
    ) -> Reply:
        """`resolved` is the source the gateway has found; None sends no internal token at all. Chunks come `pause` seconds apart."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if resolved is not None:
            raw.append((b"x-ecrm-internal", self.token(resolved).encode()))
        chunks = [body] if isinstance(body, bytes) else list(body)
        waiting = iter(range(len(chunks)))
        sent: list[Any] = []

        async def receive() -> Any:
            place = next(waiting, None)
            if place is None:
                if disconnect:
                    return {"type": "http.disconnect"}
                await asyncio.sleep(60)
            assert place is not None
            if pause and place:
                await asyncio.sleep(pause)
            return {"type": "http.request", "body": chunks[place], "more_body": disconnect or place + 1 < len(chunks)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": query.encode(), "raw_path": path.encode()}
        await self.app(scope, receive, send)
        if not sent:
            return Reply(0, {}, b"")
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], found, b"".join(message["body"] for message in sent[1:]))

    async def post(self, path: str, events: Any, **given: Any) -> Reply:
        """Post JSON with the shop's key."""
        given.setdefault("headers", basic())
        return await self.ask("POST", path, json.dumps(events).encode(), **given)

    async def appended(self) -> list[Stored]:
        """What was appended since the last call."""
        found: list[Stored] = []
        for number in range(await self.log.partitions(collected.TOPIC)):
            while records := await self.log.read(Partition(collected.TOPIC, number), self._seen.get(number, 0)):
                found += records
                self._seen[number] = records[-1].next
        return found

    async def events(self) -> list[collected.CleanEvent]:
        """The accepted events since the last call."""
        return [cleaned(record) for record in await self.appended() if header(record.headers, "ce_type") == b"ecrm.collected.v1"]


def cleaned(record: Stored) -> collected.CleanEvent:
    stamp = header(record.headers, collected.STAMP)
    assert stamp is not None
    assert record.value is not None
    return collected.clean_event(record.value, collected.read_stamp(stamp))


def refusal_of(record: Stored) -> collected.Refusal:
    found = header(record.headers, collected.REFUSAL)
    assert found is not None
    return collected.read_refusal(found)


@asynccontextmanager
async def new_log(cluster: PrivateCluster) -> AsyncIterator[EventLog]:
    """A log of its own, with the keys of this file in it."""
    async with AsyncExitStack() as stack:
        log = await platform.new_log(cluster, stack, uuid.uuid4().hex[:8])
        await log.append([Record(KEYS, state.key_hash.encode(), msgspec.json.encode(state)) for state in STATES])
        yield log


def test_tokens() -> Tokens:
    settings = platform_settings("test")
    return Tokens(issuer="test", signing_key=settings.signing_key.get_secret_value(), trusted_keys=settings.trusted_keys, clock=Clock())


test_tokens.__test__ = False  # type: ignore[attr-defined]


@asynccontextmanager
async def open_door(cluster: PrivateCluster, **given: Any) -> AsyncIterator[Door]:
    """A collector with its key table loaded."""
    assert SIGNING
    async with new_log(cluster) as log:
        keys = KeyTable()
        await keys.start(log)
        assert keys.loaded
        try:
            tokens = test_tokens()
            yield Door(Collector(log=log, tokens=tokens, clock=Clock(), keys=keys, **given), log, tokens)
        finally:
            await keys.close()
