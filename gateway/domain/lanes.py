"""How many requests may be worked on at once for one service: no more come in while those inside have been there too long.

What waits in a queue has waited for half of the whole time in the middle of it, so the age of the one in the middle says how long the next one would take,
long before it is done; and also when nothing is done at all.
"""

from __future__ import annotations

import statistics
from itertools import islice
from typing import Final

#: So many are let in, however long they take.
LEAST: Final = 16
#: What is let in is to be done in about this time, seconds.
TARGET_SECONDS: Final = 0.3
#: What takes long by itself may take so many times that.
PATIENCE: Final = 2.0
#: With so few at once a service is by itself, and this many answers say what its half takes.
FEW, ENOUGH = 4, 8
#: How long a look at the ages is good, seconds.
GLANCE_SECONDS: Final = 0.01


class Lane:
    """The requests on their way to one service. `now` is monotonic, in seconds."""

    __slots__ = ("_alone", "_began", "_looked", "_slow", "_took", "most", "running")

    def __init__(self, most: int) -> None:
        self.most = most
        self.running = 0
        self._began: dict[int, float] = {}  # request -> when its work began; the oldest first
        self._alone: float | None = None
        self._took: list[float] = []
        self._looked = 0.0
        self._slow = False

    def may_enter(self, now: float, *, crowded: bool = False) -> bool:
        """Whether one more fits. `crowded`: this process itself has more to do than it can."""
        if crowded:
            return self.running < min(LEAST // 2, self.most)
        if self.running < min(LEAST, self.most):
            return True
        return self.running < self.most and not self._is_slow(now)

    def enter(self) -> None:
        """One more is there; what is still being read is not yet being worked on."""
        self.running += 1

    def begin(self, request: int, now: float) -> None:
        """The work on a request begins."""
        self._began[request] = now

    def leave(self, request: int, now: float) -> None:
        """It is done, or was given up."""
        began = self._began.pop(request, None)
        if began is not None and self.running <= FEW:
            self._took.append(now - began)
            if len(self._took) >= ENOUGH:
                half = statistics.median(self._took)
                self._alone = half if self._alone is None else 0.8 * self._alone + 0.2 * half
                self._took.clear()
        self.running -= 1

    def _is_slow(self, now: float) -> bool:
        if now - self._looked >= GLANCE_SECONDS:
            middle = next(islice(self._began.values(), len(self._began) // 2, None), now)
            bearable = max(TARGET_SECONDS, PATIENCE * (self._alone or 0.0))
            self._looked, self._slow = now, now - middle > bearable / 2
        return self._slow
