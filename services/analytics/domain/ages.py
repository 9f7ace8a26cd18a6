"""How old something known is."""

from __future__ import annotations

from typing import NamedTuple


class Age(NamedTuple):
    """`kind`: profiles, segment or score; seconds since it was last put right, None: not yet; `limit_s`: from when on it is too old."""

    kind: str
    name: str
    age_s: float | None
    limit_s: float

    @property
    def over(self) -> bool:
        return self.age_s is not None and self.age_s > self.limit_s
