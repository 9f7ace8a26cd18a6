"""How many requests may be worked on at once for one service: fewer while they take too long, more while they do not.

By Little's law what waits is what is worked on at once divided by what gets done, so the answer to "it takes too long" is "not so many at once".
"""

from __future__ import annotations

import statistics
from typing import Final

#: A lane never becomes narrower than this, however long its requests take.
LEAST: Final = 16
#: The half of a window's requests may take so long, seconds, before the lane becomes narrower.
TARGET_SECONDS: Final = 0.4
#: What takes long by itself, when nothing else goes on, may take so many times that.
PATIENCE: Final = 2.0
WINDOW_SECONDS: Final = 0.25
#: A window without enough answers goes on to this; then no answer at all is an answer.
LONGEST_WINDOW_SECONDS: Final = 1.0
ENOUGH: Final = 8
NARROWER: Final = 0.8
WIDER: Final = 1.1


class Lane:
    """The requests on their way to one service. `now` is monotonic, in seconds."""

    __slots__ = ("_alone", "_began", "_busiest", "_took", "limit", "most", "refused", "running")

    def __init__(self, most: int, now: float) -> None:
        self.most = most
        self.limit = float(most)
        self.running = 0
        self.refused = 0
        self._began = now
        self._busiest = 0
        self._took: list[float] = []
        self._alone: float | None = None  # what the half takes while there is room

    def may_enter(self, now: float) -> bool:
        """Whether one more fits; the caller then counts it in `running`."""
        self._look(now)
        if self.running >= int(self.limit):
            self.refused += 1
            return False
        self._busiest = max(self._busiest, self.running + 1)
        return True

    def left(self, seconds: float, now: float) -> None:
        """One is done that took so long."""
        self._took.append(seconds)
        self._look(now)

    def _look(self, now: float) -> None:
        """Judge the window when it is over."""
        passed = now - self._began
        if passed < WINDOW_SECONDS or (len(self._took) < ENOUGH and passed < LONGEST_WINDOW_SECONDS):
            return
        half = statistics.median(self._took) if self._took else None
        busy = self.refused > 0 or self._busiest >= 0.75 * self.limit
        if busy:
            self._adapt(half)
        elif half is not None:
            self._alone = half if self._alone is None else 0.8 * self._alone + 0.2 * half
            self.limit = min(float(self.most), self.limit * WIDER + 1)
        self._took.clear()
        self._began, self._busiest, self.refused = now, self.running, 0

    def _adapt(self, half: float | None) -> None:
        bearable = max(TARGET_SECONDS, PATIENCE * (self._alone or 0.0))
        if half is None or half > bearable:
            self.limit = max(float(min(LEAST, self.most)), self.limit * NARROWER)
        elif half < bearable / 2:
            self.limit = min(float(self.most), self.limit * WIDER + 1)
