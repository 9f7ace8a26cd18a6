"""What the client's idempotent producer does on a real broker: nothing lost, nothing doubled, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from chassis.eventlog.kafka import stopping
from tests.support.broker import Broker

pytestmark = [pytest.mark.real, pytest.mark.asyncio]


async def _producer(kafka: Broker, *, seconds: float = 3.0, **settings: Any) -> Any:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap,
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=int(seconds * 1000),
        max_batch_size=128 * 1024,
        **settings,
    )
    await producer.start()
    return producer


async def _values(kafka: Broker, topic: str) -> list[int]:
    """Everything in partition 0, as numbers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        where = TopicPartition(topic, 0)
        consumer.assign([where])
        consumer.seek(where, 0)
        end = (await consumer.end_offsets([where]))[where]
        found: list[int] = []
        while len(found) < end:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                found += [int(record.value) for record in records]
        return found
    finally:
        await consumer.stop()


async def _stop_and_start(kafka: Broker) -> None:
    await asyncio.to_thread(kafka.stop)
    await asyncio.sleep(1.0)
    await asyncio.to_thread(kafka.start)


async def _kill_and_start(kafka: Broker) -> None:
    await asyncio.to_thread(kafka.kill)
    await asyncio.sleep(1.0)
    await asyncio.to_thread(kafka.start)


async def _freeze(kafka: Broker) -> None:
    kafka.pause()
    await asyncio.sleep(8.0)  # more than two request time-outs: batches are sent again while the first try still waits
    kafka.unpause()


@pytest.mark.parametrize("fault", [_stop_and_start, _kill_and_start, _freeze])
async def test_everything_sent_through_a_fault_is_stored_once_and_in_order(
    kafka: Broker, topic: str, fault: Callable[[Broker], Any]
) -> None:
    # Longer than a restart takes: see the test of a longer absence below.
    producer = await _producer(kafka, seconds=3.0 if fault is _freeze else 60.0)
    futures: list[Any] = []
    sending = True

    async def send() -> None:
        while sending:
            batch = producer.create_batch()
            for number in range(len(futures) * 10, len(futures) * 10 + 10):
                batch.append(timestamp=None, key=b"k", value=b"%d" % number)
            batch.close()
            try:
                futures.append(await producer.send_batch(batch, topic, partition=0))
            except KafkaTimeoutError:  # no room for it within the request's time: it was not taken, so take it again
                continue
            await asyncio.sleep(0.01)

    task = asyncio.create_task(send())
    await asyncio.sleep(0.5)
    await fault(kafka)
    await asyncio.sleep(1.0)
    sending = False
    await asyncio.wait_for(task, 30)
    _, pending = await asyncio.wait(futures, timeout=60)
    assert not pending
    assert [repr(future.exception()) for future in futures if future.exception()] == []
    await producer.stop()
    assert await _values(kafka, topic) == list(range(len(futures) * 10))


async def test_a_batch_waits_for_the_broker_without_a_limit_and_stopping_by_force_ends_in_time(
    kafka: Broker, topic: str
) -> None:
    producer = await _producer(kafka)
    await (await producer.send(topic, b"0", key=b"k", partition=0))
    before = asyncio.all_tasks()
    await asyncio.to_thread(kafka.stop)
    try:
        future = await producer.send(topic, b"1", key=b"k", partition=0)
        _, pending = await asyncio.wait([future], timeout=8)
        assert pending, "the client gave up by itself: its own deadline can be used"
        begun = time.monotonic()
        await stopping.stop_producer(producer, seconds=0.5)
        assert time.monotonic() - begun < 4
        with pytest.raises(KafkaError):
            await asyncio.wait_for(future, 1)
        assert asyncio.all_tasks() <= before
    finally:
        await asyncio.to_thread(kafka.start)


async def test_a_refused_batch_leaves_a_sequence_gap_that_only_a_new_producer_mends(kafka: Broker, topic: str) -> None:
    producer = await _producer(kafka, max_request_size=8 * 1024 * 1024)
    await (await producer.send(topic, b"0", key=b"k", partition=0))
    outcomes = []
    for value in (b"9" * 3 * 1024 * 1024, b"1"):
        future = await producer.send(topic, value, key=b"k", partition=0)
        done, _ = await asyncio.wait([future], timeout=5)
        outcomes.append(type(future.exception()).__name__ if done else "no answer")
    await stopping.stop_producer(producer, seconds=0.5)
    assert outcomes == ["MessageSizeTooLargeError", "OutOfOrderSequenceNumber"]
    second = await _producer(kafka)
    await (await second.send(topic, b"2", key=b"k", partition=0))
    await second.stop()
    assert await _values(kafka, topic) == [0, 2]


async def test_two_batches_sent_at_once_to_one_partition_race_for_the_slot(kafka: Broker, topic: str) -> None:
    """Why the appender hands over one batch of a partition at a time: the client loses the order of the callers."""
    producer = await _producer(kafka)
    await (await producer.send(topic, b"0", key=b"k", partition=0))

    async def send(number: int) -> bool:
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"k", value=b"%d" % number)
        batch.close()
        try:
            await (await producer.send_batch(batch, topic, partition=0))
        except KafkaTimeoutError:
            return False
        return True

    stored = await asyncio.gather(*(send(number) for number in range(1, 400)))
    await producer.stop()
    values = await _values(kafka, topic)
    assert sorted(values) == [0, *(number for number, kept in enumerate(stored, start=1) if kept)]
