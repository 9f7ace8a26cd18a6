"""Who stands at the door: the holder of an API key, or somebody with a token of an issuer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from chassis import telemetry
from chassis.clock import Clock
from chassis.identity import Caller
from chassis.keys import key_hash
from contracts.gateway import KeyState
from gateway.api.tokens import caller_of
from gateway.domain import keys as key_rules
from gateway.domain.quotas import Quota
from gateway.outbound.directory import Directory, NotProven, looks_like_token
from gateway.settings import GatewayService

#: Wrong guesses in a minute, per address and per key id, until strangers are told to wait.
GUESSES: Final = 30
WINDOW: Final = 60.0
REMEMBERED: Final = 20_000
NO_QUOTA: Final = Quota()

GUESSED: Final = telemetry.counter("ecrm_door_wrong_keys_total", "Keys and tokens that opened nothing")

_log = telemetry.logger(__name__)


class Holder(NamedTuple):
    """Somebody recognised. `id` counts his requests and owns his operations; `mark` is another when his rights are."""

    id: str
    mark: str
    caller: Caller
    still: Callable[[], bool]
    quota: Quota = NO_QUOTA


class Stranger(NamedTuple):
    """Somebody who is not let in, and what he is told."""

    status: int
    code: str
    message: str
    retry_after: int | None = None


class Recognition:
    """Knows keys and tokens; slows down whoever guesses."""

    def __init__(self, service: GatewayService) -> None:
        self._keys = service.resources.keys
        self._directory: Directory = service.resources.directory
        self._guesses = Guesses(service.clock)
        self.used: dict[str, float] = service.resources.used
        self._clock: Clock = service.clock

    async def holder(self, authorization: str, address: str, *, guessed: bool = True) -> Holder | Stranger:
        """Who shows this header, from this address; what is not `guessed` was good once, and is not held against anybody."""
        if not self._keys.loaded:
            return Stranger(503, "door.starting", "The door is opening; try again.", 1)
        scheme, _, text = authorization.strip().partition(" ")
        text = text.strip() if scheme.lower() == "bearer" else ""
        if not text:
            return Stranger(401, "auth.required", "A valid key is needed: send the header `Authorization: Bearer KEY`.")
        if guessed and (wait := self._guesses.wait(address, text)):
            return Stranger(429, "auth.too_many_guesses", "Too many wrong keys came from here; try again.", wait)
        found = await self._found(text)
        if found is None and not guessed:
            return Stranger(401, "auth.required", "The session is over: sign in again.")
        if found is None:
            GUESSED.inc()
            self._guesses.wrong(address, text)
            return Stranger(401, "auth.required", "A valid key is needed: send the header `Authorization: Bearer KEY`.")
        self._guesses.right(address, text)
        if isinstance(found, Holder):
            return found
        if found.kind != key_rules.API:
            return Stranger(403, "auth.scope_missing", "A source key opens collection only; this needs an API key.")
        state = found
        self.used[state.key_id] = self._clock.timestamp()
        return Holder(state.key_id, state.key_id, caller_of(state), lambda: self._keys.by_hash(state.key_hash) == state, Quota(state.requests_per_day))

    async def _found(self, text: str) -> KeyState | Holder | None:
        if not looks_like_token(text):
            found: KeyState | None = self._keys.find(text)
            return found
        try:
            caller = await self._directory.caller(text)
        except NotProven as reason:
            _log.info("token_refused", reason=str(reason))
            return None
        mark = f"{caller.subject} {hash((caller.scopes, caller.hides))}"
        return Holder(caller.subject, mark, caller, lambda: self._directory.still(caller))


class Guesses:
    """Wrong keys by address and by key id. Who has shown a right key here before is never slowed by others' guesses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}
        self._right: set[tuple[str, str]] = set()

    def wait(self, address: str, text: str) -> int:
        """Seconds until this stranger may try again; 0: now."""
        if (address, key_hash(text)) in self._right:
            return 0
        now = self._clock.monotonic()
        return max(self._left(f"from {address}", now), self._left(_named(text), now))

    def wrong(self, address: str, text: str) -> None:
        """Nothing was opened."""
        now = self._clock.monotonic()
        if len(self._wrong) > REMEMBERED:
            self._wrong = {name: times for name, times in self._wrong.items() if times[-1] > now - WINDOW}
        for name in (f"from {address}", _named(text)):
            if name:
                self._wrong.setdefault(name, deque(maxlen=GUESSES)).append(now)

    def right(self, address: str, text: str) -> None:
        """It was opened."""
        if len(self._right) > REMEMBERED:
            self._right.clear()
        self._right.add((address, key_hash(text)))

    def _left(self, name: str, now: float) -> int:
        times = self._wrong.get(name)
        if times is None or len(times) < GUESSES or now - times[0] >= WINDOW:
            return 0
        return int(WINDOW - (now - times[0])) + 1


def _named(text: str) -> str:
    """Which key was meant: its id may be known, its secret not."""
    parts = text.split("_")
    return f"key {parts[2]}" if len(parts) == 5 and key_rules.looks_made(text) else ""
