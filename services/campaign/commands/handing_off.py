"""Handing permitted messages to a channel's carrier over all its connections, with the ledger one commit ahead of every byte."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from chassis import telemetry
from chassis.database import COLLISIONS, INFRASTRUCTURE
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.preparing import Ready
from services.campaign.domain import ledger as rules
from services.campaign.domain.ledger import AWAY_PAUSE, HAND_OFF_LEASE, MOST_ATTEMPTS, NO_TRY, Outcome, State
from services.campaign.outbound.carrying import Away, Carrier, Connection
from services.campaign.settings import CampaignService
from services.campaign.store import ledger
from services.campaign.store.ledger import Ended

COMMIT_TRIES = 3
#: How long a sender that is being stopped waits for the hand-offs at hand.
LAST_HAND_OFFS = 8.0
#: How long a commit waits for more connections to join it: one for many costs the database little more than one for one.
GATHER = 0.003

_log = telemetry.logger(__name__)


MESSAGES: Final = telemetry.counter("ecrm_messages_total", "Messages handed over, by channel and what became of them", ("channel", "outcome"))


#: Begun in the ledger, but not with the provider: it is planned again.
NOT_BEGUN: Final = Outcome(State.PLANNED, "not_begun")


class _Step(NamedTuple):
    """What one connection wants committed: the outcomes of its last messages, and that its next ones begin."""

    ended: list[tuple[Ready, Outcome]]
    begins: list[tuple[UUID, str, bool]]
    done: asyncio.Future[set[UUID]]


class HandOff:
    """One batch. `started`: messages that reached `handing_off`; `outcomes`: how they ended, as far as is known; `away`: somebody could not be reached."""

    def __init__(self, service: CampaignService, carrier: Carrier, *, owner: UUID, deadline: float) -> None:
        self.started: set[UUID] = set()
        self.outcomes: dict[UUID, str] = {}
        self.away = False
        self._service = service
        self._carrier = carrier
        self._owner = owner
        self._deadline = deadline
        self._waiting: list[tuple[Ready, str]] = []
        self._steps: list[_Step] = []
        self._committer: asyncio.Task[None] | None = None
        self._stopping = False
        self._working = 0

    async def run(self, mails: list[tuple[Ready, str]]) -> None:
        """Hand off (message, permit id) until all are done, the deadline has passed or nobody takes any. Stops cleanly when cancelled."""
        self._waiting = list(reversed(mails))
        workers = [asyncio.create_task(self._work()) for _ in range(min(self._carrier.connections, len(mails)))]
        if not workers:
            return
        try:
            await asyncio.wait(workers)
        except asyncio.CancelledError:
            self._stopping = True
            await asyncio.wait(workers, timeout=LAST_HAND_OFFS)
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers, timeout=1)
            raise
        for worker in workers:
            worker.result()

    def _may_start(self) -> bool:
        return not self._stopping and self._service.clock.monotonic() < self._deadline

    async def _work(self) -> None:
        """One connection's share, with a new connection when the old one breaks."""
        while self._waiting and self._may_start():
            wanted = self._waiting[-1]
            try:
                await self._over_one_connection(wanted[0].parcel.provider)
            except Away:
                self.away = True
                if wanted[0].parcel.provider is None:
                    return
                # Only this one has to wait for its provider.
                self._waiting = [each for each in self._waiting if each is not wanted]

    async def _over_one_connection(self, provider: str | None) -> None:
        async with self._carrier.connection(provider) as connection:
            self._working += 1
            try:
                await self._one_after_the_other(connection)
            finally:
                self._working -= 1

    async def _one_after_the_other(self, connection: Connection) -> None:
        ended: list[tuple[Ready, Outcome]] = []
        while following := self._next(connection):
            begun = await self._commit(ended, [(ready.message.id, connection.provider, connection.idempotent) for ready, _ in following])
            ended = [
                (ready, await self._hand_over(connection, ready, permit_id)) for ready, permit_id in following if ready.message.id in begun
            ]
        if ended:
            await self._commit(ended, [])

    async def _hand_over(self, connection: Connection, ready: Ready, permit_id: str) -> Outcome:
        if not self._may_start() or not connection.usable:
            return NOT_BEGUN
        return await connection.hand_over(
            ready.parcel._replace(permit_id=permit_id), allowed=lambda: self._service.clock.monotonic() < self._deadline
        )

    def _next(self, connection: Connection) -> list[tuple[Ready, str]]:
        """The next messages this connection may take: one that another provider may have got already waits for that one.

        As many as share a commit, yet no more than its part of what waits: the last ones go out over all connections at once.
        """
        if not self._may_start() or not connection.usable:
            return []
        following: list[tuple[Ready, str]] = []
        share = min(self._service.settings.hand_offs_per_commit, max(1, len(self._waiting) // self._carrier.connections))
        while self._waiting and len(following) < share and self._waiting[-1][0].parcel.provider in (None, connection.provider):
            following.append(self._waiting.pop())
        return following

    async def _commit(self, ended: list[tuple[Ready, Outcome]], begins: list[tuple[UUID, str, bool]]) -> set[UUID]:
        """Have both written in one commit, together with what other connections want; returns which may begin.

        As the outcomes of some and the beginning of the next share a commit, never more rows are `handing_off` than connections times
        `hand_offs_per_commit`: so many are `unknown` at the most after this process was killed.
        """
        done: asyncio.Future[set[UUID]] = asyncio.get_running_loop().create_future()
        self._steps.append(_Step(ended, begins, done))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_rounds())
        return await done

    async def _commit_rounds(self) -> None:
        """Each round commits all that has come together while the last one was being written."""
        await asyncio.sleep(0)
        while self._steps:
            if len(self._steps) < self._working:
                await asyncio.sleep(GATHER)
            steps, self._steps = self._steps, []
            try:
                begun = await self._commit_round(steps)
            except Exception as error:
                for step in steps:
                    if not step.done.done():
                        step.done.set_exception(error)
                continue
            for step in steps:
                if not step.done.done():
                    step.done.set_result(begun)

    async def _commit_round(self, steps: list[_Step]) -> set[UUID]:
        outcomes = [_row(*each) for step in steps for each in step.ended]
        beginning = [each for step in steps for each in step.begins]
        for attempt in range(COMMIT_TRIES):
            try:
                async with self._service.transaction() as tx:
                    changed = await ledger.record_outcomes(tx.db, owner=self._owner, outcomes=outcomes) if outcomes else []
                    tell_changes(tx, changed, at=self._service.clock.now())
                    begun = await ledger.begin_hand_off(
                        tx.db, owner=self._owner, begins=beginning, lease=HAND_OFF_LEASE
                    ) if beginning else set()
                break
            except (*INFRASTRUCTURE, *COLLISIONS) as error:
                # An outcome that cannot be written becomes `unknown` when its lease ends; it is never sent again.
                _log.warning("ledger_waits", attempt=attempt, error=error)
                if attempt == COMMIT_TRIES - 1:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
        self.started |= begun
        self.outcomes.update({row[0]: row[1] for row in outcomes})
        for each in changed:
            MESSAGES.labels(each.channel, each.state).inc()
        return begun


def _row(ready: Ready, outcome: Outcome) -> Ended:
    """The ledger's form of an outcome: a temporary refusal is planned again with a growing pause, at most so many times."""
    attempts = ready.message.attempts + 1
    message_id = ready.message.id
    if outcome.state != State.PLANNED:
        return Ended(message_id, outcome.state.value, outcome.reason or None, outcome.reply_code, None)
    if outcome.reason in NO_TRY:
        pause = AWAY_PAUSE if outcome.reason == "provider_away" else timedelta(0)
        return Ended(message_id, State.PLANNED.value, outcome.reason, None, pause, outcome.same_provider, counts=False)
    if attempts >= MOST_ATTEMPTS:
        end = State.UNKNOWN if outcome.same_provider else State.FAILED
        return Ended(message_id, end.value, outcome.reason, outcome.reply_code, None)
    return Ended(message_id, State.PLANNED.value, outcome.reason, outcome.reply_code, rules.retry_after(attempts), outcome.same_provider)
