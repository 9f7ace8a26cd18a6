"""Internal tokens of those who have shown a key: one per key and audience, used for half of its life."""

from __future__ import annotations

from typing import Final

from chassis.clock import Clock
from chassis.identity import Caller, Tokens
from contracts.gateway import KeyState, SourceSettings

FRESH_SECONDS: Final = 30.0
REMEMBERED: Final = 10_000
COLLECTOR: Final = "collector"


class Passes:
    """Mints and remembers tokens."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, str]] = {}

    def for_holder(self, mark: str, caller: Caller, audience: str) -> str:
        """For somebody recognised; `mark` stands for him and his rights. What a key opens never changes, so its id is enough."""
        return self._remembered(mark, audience) or self._mint(mark, caller, audience)

    def for_source(self, source: SourceSettings | None) -> str:
        """For the collector: the source that a header or query proved, or nobody when the body will decide."""
        source_id = source.source_id if source is not None else ""
        known = self._remembered(source_id, COLLECTOR)
        if known is not None:
            return known
        if source is None:
            return self._mint("", Caller(subject=""), COLLECTOR)
        scopes = frozenset({"collect:write"})
        return self._mint(source_id, Caller(subject=source_id, kind="source", scopes=scopes, source_id=source_id), COLLECTOR)

    def _remembered(self, who: str, audience: str) -> str | None:
        known = self._known.get((who, audience))
        return known[1] if known is not None and self._clock.monotonic() < known[0] else None

    def _mint(self, who: str, caller: Caller, audience: str) -> str:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        token = self._tokens.mint(audience, caller)
        self._known[who, audience] = (self._clock.monotonic() + FRESH_SECONDS, token)
        return token


def caller_of(state: KeyState) -> Caller:
    """Who stands behind an API key."""
    return Caller(
        subject=state.key_id, kind="key", scopes=frozenset(state.scopes), source_id=state.source.source_id if state.source else None
    )
