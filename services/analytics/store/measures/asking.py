"""What a metric is asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple


class Window(NamedTuple):
    """`[first, last)` in days of the organisation and the same in UTC."""

    first: date
    last: date
    since: datetime
    until: datetime


class Ask(NamedTuple):
    """`scoped`: only of the customers in the temporary table `scope`. `allocation`: how shared costs are split. `margin`: profit of revenue
    where no cost of goods is known. `serve`: retention cost includes the cost of service.
    """

    window: Window
    as_of: datetime
    currency: str
    by: str | None = None
    scoped: bool = False
    allocation: str = "even"
    margin: float = 0.30
    serve: bool = False

    def within(self, customer: str = "customer") -> str:
        """The condition that keeps to the scope."""
        return f"{customer} IN (SELECT customer FROM scope)" if self.scoped else "true"  # noqa: S608 - names of this package

    def part(self, groups: dict[str, str], otherwise: str = "'all'") -> str:
        """The expression of the group."""
        return groups.get(self.by, otherwise) if self.by is not None else otherwise
