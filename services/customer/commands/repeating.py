"""Commands as one transaction each, run again when another transaction was in the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from chassis.database import COLLISIONS
from chassis.errors import Unavailable
from chassis.unit_of_work import Transaction
from services.customer.settings import CustomerService

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 6


def transactional(
    command: Callable[Concatenate[CustomerService, Transaction, P], Awaitable[R]],
) -> Callable[Concatenate[CustomerService, P], Coroutine[Any, Any, R]]:
    """Open the command's own transaction. Raises Unavailable when others were in the way six times."""

    async def run(service: CustomerService, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(TRIES):
            try:
                async with service.transaction() as tx:
                    return await command(service, tx, *args, **kwargs)
            except COLLISIONS:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter
        raise Unavailable("customer.busy", "This customer is being changed by others: try again.", retry_after=1)

    run.__doc__ = command.__doc__
    return run
