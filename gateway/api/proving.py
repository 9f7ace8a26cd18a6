"""Which source's key a request of collection shows: in a header, in the query, or in its body."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import parse_qs

import msgspec

from chassis.clock import Clock
from chassis.keys import KeyTable
from chassis.peers import Scope
from contracts.gateway import KeyState
from gateway.api.asking import Asked, Refused
from gateway.domain import keys as key_rules
from gateway.settings import GatewayService

#: A body that shows its own key is not looked into beyond this.
PEEKED: Final = 1024 * 1024


class _Shown(msgspec.Struct):
    """All that is looked at in a body; what belongs to it otherwise decides the collector."""

    writeKey: str = ""  # noqa: N815 - the protocol's name


_peek = msgspec.json.Decoder(_Shown).decode


class SourceKeys:
    """Finds keys in the order of the protocol, and notes that they were shown."""

    def __init__(self, service: GatewayService) -> None:
        self._keys: KeyTable = service.resources.keys
        self._used: dict[str, float] = service.resources.used
        self._clock: Clock = service.clock

    def of(self, asked: Asked) -> KeyState | None:
        """The key that a header or the query shows, in the order of the protocol; None when the body decides. Raises Refused."""
        pixel = asked.path.startswith("/pixel/")
        if asked.path == "/v1/m" or asked.scope["method"] == "OPTIONS":
            return None
        if not self._keys.loaded:
            if pixel:
                return None
            raise Refused("starting")
        authorization = asked.headers.get(b"authorization")
        if pixel:
            state = self.source_key(query_key(asked.scope))
            return state if state and state.source and state.source.enabled else None
        if authorization is not None:
            return self._authorized(authorization.decode("latin-1").strip())
        if b"x-write-key" in asked.headers:
            return _enabled(self.source_key(asked.headers[b"x-write-key"].decode("latin-1").strip()))
        if asked.path.startswith("/beacon/"):
            found = query_key(asked.scope)
            if found is not None:
                return _enabled(self.source_key(found))
        return None

    def _authorized(self, value: str) -> KeyState | None:
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "basic":
            return _enabled(self.source_key(user_name(rest.strip())))
        if scheme.lower() != "bearer" or not rest.strip():
            raise Refused("unknown_key")
        token = rest.strip()
        state = self._keys.find(token)
        if state is not None and state.kind == key_rules.API:
            self._shown(state)
            return _enabled(state if "collect:write" in state.scopes else None)
        if state is None and key_rules.looks_made(token):
            raise Refused("unknown_key")
        return None  # a token of somebody else's, or a source key: the key in the body decides

    def source_key(self, text: str | None) -> KeyState | None:
        state = self._keys.find(text) if text else None
        if state is None or state.kind != key_rules.SOURCE:
            return None
        self._shown(state)
        return state

    def _shown(self, state: KeyState) -> None:
        self._used[state.key_id] = self._clock.timestamp()

    def in_body(self, asked: Asked, body: bytes) -> KeyState | None:
        """The key that only the body names, as browsers' SDKs do: for its rate and quota. Whether it may collect is the collector's to say."""
        if len(body) > PEEKED or b"content-encoding" in asked.headers or b'"writeKey"' not in body:
            return None
        try:
            return self.source_key(_peek(body).writeKey)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def user_name(encoded: str) -> str:
    """The user name of Basic credentials; the password and a missing colon do not matter. Raises Refused (`unknown_key`)."""
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except ValueError:
        raise Refused("unknown_key") from None
    return plain.partition(":")[0]


def _enabled(state: KeyState | None) -> KeyState:
    if state is None or state.source is None:
        raise Refused("unknown_key")
    if not state.source.enabled:
        raise Refused("source_disabled")
    return state


def query_key(scope: Scope) -> str | None:
    try:
        found = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=1000).get("writeKey")
    except ValueError:
        return None
    return found[0] if found else None
