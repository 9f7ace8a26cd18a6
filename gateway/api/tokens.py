"""Internal tokens of those who have shown a key: one per key and audience, used for half of its life."""

from __future__ import annotations

from typing import Final

from chassis.clock import Clock
from chassis.identity import Caller, Tokens
from contracts.gateway import KeyState, SourceSettings

FRESH_SECONDS: Final = 30.0
REMEMBERED: Final = 10_000


class Passes:
    """Mints and remembers tokens."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: dict[tuple[Caller, str], tuple[float, str]] = {}

    def for_key(self, state: KeyState, audience: str) -> str:
        """For the holder of an API key."""
        return self.of(caller_of(state), audience)

    def for_source(self, source: SourceSettings | None) -> str:
        """For the collector: the source that a header or query proved, or nobody when the body will decide."""
        if source is None:
            return self.of(Caller(subject=""), "collector")
        return self.of(
            Caller(subject=source.source_id, kind="source", scopes=frozenset({"collect:write"}), source_id=source.source_id), "collector"
        )

    def of(self, caller: Caller, audience: str) -> str:
        """A token that is good for at least another half of its life."""
        now = self._clock.monotonic()
        known = self._known.get((caller, audience))
        if known is not None and now < known[0]:
            return known[1]
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        token = self._tokens.mint(audience, caller)
        self._known[caller, audience] = (now + FRESH_SECONDS, token)
        return token


def caller_of(state: KeyState) -> Caller:
    """Who stands behind an API key."""
    return Caller(
        subject=state.key_id, kind="key", scopes=frozenset(state.scopes), source_id=state.source.source_id if state.source else None
    )
