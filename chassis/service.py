"""A running service: what its rooms have at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chassis import unit_of_work
from chassis.clock import Clock
from chassis.database import Connection, Database
from chassis.eventlog import EventLog
from chassis.identity import Tokens
from chassis.outbox import Relay
from chassis.peers import Peers
from chassis.settings import PlatformSettings
from chassis.unit_of_work import Transaction
from contracts.identity import identity_hash

S = TypeVar("S")
R = TypeVar("R")


@dataclass
class Service(Generic[S, R]):
    """Made by the launcher; handed to every command, query, reaction and job. `resources` is what the manifest's `open` yields."""

    name: str
    settings: S
    platform: PlatformSettings
    database: Database
    log: EventLog
    peers: Peers
    tokens: Tokens
    clock: Clock
    resources: R = field(init=False)
    relay: Relay = field(init=False)

    def __post_init__(self) -> None:
        self.relay = Relay(self.database, self.log, service=self.name)

    @property
    def identity_secret(self) -> bytes:
        return bytes.fromhex(self.platform.identity_secret.get_secret_value())

    @property
    def link_secret(self) -> bytes:
        return bytes.fromhex(self.platform.link_secret.get_secret_value())

    def hash_identity(self, key: str) -> bytes:
        """The keyed hash of an identity key (`kind:value`, already folded)."""
        return identity_hash(key, self.identity_secret)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """One transaction; what is told in it is published after the commit."""
        return unit_of_work.transaction(self.database, service=self.name, clock=self.clock, committed=self.relay.wake)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection for queries."""
        async with self.database.connection() as connection:
            yield connection
