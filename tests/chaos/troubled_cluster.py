"""`make cluster`, but with what is given between its processes and their PostgreSQL and broker, and PostgreSQL brought back when it dies.

    python -m tests.chaos.troubled_cluster --data FOLDER --port 8080 --broker 127.0.0.1:8120 --sockets FOLDER
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from launcher import roster
from launcher.cluster import Supervisor


class Troubled(Supervisor):
    """The cluster's supervisor; its children reach broker and PostgreSQL where a test has put its proxies."""

    def __init__(self, data: Path, port: int, *, broker: str, sockets: Path, alone: str = "", alone_sockets: Path = Path()) -> None:
        super().__init__(data, port)
        self._broker, self._sockets = broker, sockets
        self._alone, self._alone_sockets = alone, alone_sockets
        self._watch: asyncio.Task[None] | None = None

    def _shared(self, found: dict[str, Any]) -> dict[str, str]:
        environment = super()._shared(found)
        environment["ECRM_KAFKA_URL"] = f"kafka://{self._broker}"
        for name in roster.ALL:
            for role in ("app", "owner"):
                variable = f"ECRM_{name.upper()}_{'OWNER_' if role == 'owner' else ''}DATABASE_URL"
                sockets = self._alone_sockets if name == self._alone else self._sockets
                environment[variable] = f"postgresql://{name}_{role}@/{name}?host={quote(str(sockets), safe='')}"
        return environment

    async def _ready(self) -> None:
        await super()._ready()
        self._watch = asyncio.create_task(self.cluster.keep())

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await super()._end(keepers)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--sockets", type=Path, required=True)
    parser.add_argument("--alone", default="")
    parser.add_argument("--alone-sockets", type=Path, default=Path())
    given = parser.parse_args()
    made = Troubled(given.data, given.port, broker=given.broker, sockets=given.sockets, alone=given.alone, alone_sockets=given.alone_sockets)
    asyncio.run(made.run())


if __name__ == "__main__":
    main()
