"""A source that the interaction service and its collector know."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import Any

import msgspec

from chassis.eventlog import Record
from chassis.keys import TOPIC, key_hash
from chassis.peers import Answer
from contracts.gateway import CollectionRules, KeyState, SourceSettings
from tests.support.platform import TestPlatform


class Source:
    """A source with a key, posting through the collector of a test platform."""

    def __init__(self, platform: TestPlatform, settings: SourceSettings) -> None:
        self.platform, self.settings = platform, settings
        self.key = f"ecrm_wk_{settings.source_id}_secret_crc"

    @property
    def id(self) -> str:
        return self.settings.source_id

    async def told(self) -> Source:
        """Its key in the log, and known to the collector."""
        state = KeyState(key_hash=key_hash(self.key), key_id=f"k-{self.id}", kind="source", source=self.settings)
        await self.platform.log.append([Record(TOPIC, state.key_hash.encode(), msgspec.json.encode(state))])
        keys = self.platform["interaction"].service.resources.keys
        async with asyncio.timeout(10):
            while (known := keys.source(self.id)) is None or known.version != self.settings.version:
                await asyncio.sleep(0.02)
        return self

    async def changed(self, **given: Any) -> Source:
        self.settings = msgspec.structs.replace(self.settings, **given, version=self.settings.version + 1)
        return await self.told()

    async def send(self, events: list[dict[str, Any]], *, path: str = "/v1/batch", headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        """Post a batch; the answer's JSON after status 200."""
        answer = await self.post(json.dumps({"batch": events, **more}).encode(), path=path, headers=headers)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        return found

    async def post(self, body: bytes, *, path: str = "/v1/batch", headers: dict[str, str] | None = None) -> Answer:
        """Post as the gateway would."""
        from chassis.identity import Caller

        token = self.platform.tokens.mint("collector", Caller(subject="", kind="source", source_id=None))
        sent = {
            "authorization": "Basic " + base64.b64encode(f"{self.key}:".encode()).decode(), "x-ecrm-internal": token, **(headers or {}),
        }
        return await self.platform["interaction"].call("POST", path, body=body, headers=sent, scopes=None)


async def source(platform: TestPlatform, *, kind: str = "server", never: CollectionRules | None = None, **given: Any) -> Source:
    source_id = uuid.uuid4().hex[:8]
    return await Source(platform, SourceSettings(source_id=source_id, name=source_id, kind=kind, never=never, **given)).told()


def track(event: str, properties: dict[str, Any] | None = None, *, user: str = "u1", **more: Any) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": event, "messageId": uuid.uuid4().hex, "properties": properties or {}, **more}
