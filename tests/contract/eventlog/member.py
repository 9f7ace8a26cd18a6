"""A member of a reader group in a process of its own, to be killed: `python -m … ADAPTER ADDRESS GROUP TOPIC`.

Prints a line for each batch: the partition and how many records it has read, all from the first record on.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from chassis.eventlog import Partition
from tests.contract.eventlog.backends import open_client


async def from_the_start(partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
    """A reader that has stored no position."""
    return dict.fromkeys(partitions)


async def read_for_ever(adapter: str, address: str, group: str, topic: str) -> None:
    """Read until killed."""
    log = open_client(adapter, address)
    await log.start()
    reader = await log.reader(group=group, topics=[topic], positions=from_the_start)
    while True:
        for partition, records in (await reader.poll()).items():
            sys.stdout.write(f"{partition.number} {len(records)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(read_for_ever(*sys.argv[1:]))
