"""Funnels, paths and attribution as they are asked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

from services.analytics.domain.rules import Compared

MAX_STEPS: Final = 12
SESSION_MINUTES: Final = 30
#: Half-life of the weight of a touch, in days; shares of the first, the last and all touches between.
HALF_LIFE_DAYS: Final = 7.0
FIRST_SHARE: Final = 0.4
MODELS: Final = ("first", "last", "linear", "position", "time_decay", "markov")


@dataclass(frozen=True)
class FunnelStep:
    """An event of a name (`*`: any), kind and properties."""

    name: str
    kind: str | None = None
    where: tuple[Compared, ...] = ()


def weights(model: str, ages: list[float]) -> list[float]:
    """What each touch of one conversion gets, summing to 1; `ages` are days before the conversion, the first touch first."""
    count = len(ages)
    if model == "first":
        return [1.0] + [0.0] * (count - 1)
    if model == "last":
        return [0.0] * (count - 1) + [1.0]
    if model == "position" and count > 2:
        return [FIRST_SHARE, *[(1 - 2 * FIRST_SHARE) / (count - 2)] * (count - 2), FIRST_SHARE]
    if model == "time_decay":
        raw = [0.5 ** (age / HALF_LIFE_DAYS) for age in ages]
        whole = sum(raw)
        return [one / whole for one in raw]
    return [1 / count] * count


def split(total: int, parts: dict[str, float]) -> dict[str, int]:
    """Minor units by shares, largest remainder, ties by name: the parts sum to the total."""
    whole = sum(parts.values())
    if not parts or whole <= 0:
        return dict.fromkeys(parts, 0)
    exact = {name: abs(total) * share / whole for name, share in parts.items()}
    found = {name: int(value) for name, value in exact.items()}
    rest = abs(total) - sum(found.values())
    for name in sorted(exact, key=lambda one: (found[one] - exact[one], one))[:rest]:
        found[name] += 1
    return {name: value if total >= 0 else -value for name, value in found.items()}


def removal_effects(paths: dict[tuple[tuple[str, ...], bool], int]) -> dict[str, float]:
    """Share of conversions lost when a channel is taken out of the Markov chain of the paths.

    `paths`: (channels in order, whether it ended in an order) -> how many. Anderl, Becker, von Wangenheim and Schumann, "Mapping the customer journey" (2016):
    states start, channels, conversion and null; the probability of absorption in conversion with a channel's outgoing mass sent to null.
    """
    moves: dict[str, dict[str, int]] = {}
    for (channels, won), count in paths.items():
        states = ["(start)", *channels, "(conversion)" if won else "(null)"]
        for here, there in itertools.pairwise(states):
            moves.setdefault(here, {})[there] = moves.get(here, {}).get(there, 0) + count
    channels_seen = sorted({channel for path, _ in paths for channel in path})
    whole = _absorbed(moves, None) if moves else 0.0
    if whole == 0:
        return dict.fromkeys(channels_seen, 0.0)
    return {channel: max(0.0, 1 - _absorbed(moves, channel) / whole) for channel in channels_seen}


def _absorbed(moves: dict[str, dict[str, int]], removed: str | None) -> float:
    """Probability to end in conversion from the start, by iteration until nothing changes (the chain is absorbing)."""
    chance = dict.fromkeys(moves, 0.0) | {"(conversion)": 1.0, "(null)": 0.0}
    for _ in range(1000):
        change = 0.0
        for here, targets in moves.items():
            if here == removed:
                continue
            total = sum(targets.values())
            value = sum(count * (0.0 if there == removed else chance[there]) for there, count in targets.items()) / total
            change, chance[here] = max(change, abs(value - chance[here])), value
        if change < 1e-12:
            break
    return chance["(start)"]
