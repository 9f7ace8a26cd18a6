"""A visitor at the door, who has nothing but a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chassis.peers import Answer
from gateway import commands
from tests.support.platform import TestPlatform


class Visitor:
    """Calls of the gateway as from outside."""

    def __init__(self, platform: TestPlatform, key: str = "") -> None:
        self._door = platform["gateway"]
        self.key = key

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: Mapping[str, str] | None = None, raw: bytes = b""
    ) -> Answer:
        sent = dict(headers or {})
        shown = self.key if key is None else key
        if shown and "authorization" not in sent:
            sent["authorization"] = f"Bearer {shown}"
        if body is not None:
            raw = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        return await self._door.call(method, path, body=raw, headers=sent, scopes=None)


async def administrator(platform: TestPlatform) -> Visitor:
    made = await commands.create_key(platform["gateway"].service, name="admin", scopes=["admin"], actor="test")
    return Visitor(platform, made.text)
