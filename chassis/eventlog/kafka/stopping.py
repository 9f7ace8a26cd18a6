"""Ending what the client leaves running: its own `stop` waits for the broker without a limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from aiokafka.errors import ProducerClosed

log = logging.getLogger(__name__)


async def cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel and wait for the end, whatever it is."""
    task.cancel()
    await asyncio.wait([task], timeout=1.0)


async def stop_producer(producer: Any, *, seconds: float) -> None:
    """Stop; after `seconds` fail what is on its way and cut the connections. Returns at most 2 s later."""
    stop = asyncio.ensure_future(producer.stop())
    await asyncio.wait([stop], timeout=seconds)
    if not stop.done():
        _fail_batches(producer._message_accumulator)
    await _cut(stop, producer.client)


async def stop_consumer(consumer: Any, *, seconds: float) -> None:
    """Leave the group and stop; after `seconds` cut the connections. Returns at most 2 s later."""
    stop = asyncio.ensure_future(consumer.stop())
    await asyncio.wait([stop], timeout=seconds)
    await _cut(stop, consumer._client)
    for part in (consumer._coordinator, consumer._fetcher):  # what a cut stop has not reached
        for name in ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_fetch_task"):
            task = getattr(part, name, None)
            if task is not None and not task.done():
                await cancelled(task)


async def within(seconds: float, work: Coroutine[Any, Any, Any]) -> bool:
    """Whether the work ended by itself in time; it is cancelled otherwise. Its error is raised."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
    finally:
        if not task.done():
            await cancelled(task)
    if done:
        task.result()
    return bool(done)


async def _cut(stop: asyncio.Future[Any], client: Any) -> None:
    if not stop.done():
        waiting = client._md_update_fut  # nobody resolves it once the synchronizer is cancelled
        if waiting is not None and not waiting.done():
            waiting.set_result(False)
        await client.close()
        await asyncio.wait([stop], timeout=1.0)
    if not stop.done():
        await cancelled(stop)
    if not stop.cancelled() and (error := stop.exception()):
        log.debug("the client stopped with %s", type(error).__name__)
        await client.close()


def _fail_batches(accumulator: Any) -> None:
    """End the flush that `stop` waits for: whoever waits for these batches learns that they are not confirmed."""
    queued = [batch for batches in accumulator._batches.values() for batch in batches]
    accumulator._batches.clear()
    for batch in [*queued, *accumulator._pending_batches]:
        batch.failure(ProducerClosed())
        if batch._drain_waiter.done():
            batch._drain_waiter.exception()  # nobody waits for room any more: seen
