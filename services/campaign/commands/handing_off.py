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


class _Step(NamedTuple):
    """What one connection wants committed: the outcome of its last message, and that its next one begins."""

    ended: tuple[Ready, Outcome] | None
    begins: tuple[UUID, str, bool] | None
    done: asyncio.Future[bool]


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
        ended: tuple[Ready, Outcome] | None = None
        while True:
            following = self._next(connection)
            if following is None:
                if ended is not None:
                    await self._commit(ended, None)
                return
            ready, permit_id = following
            begun = await self._commit(ended, (ready.message.id, connection.provider, connection.idempotent))
            ended = None
            if begun:
                outcome = await connection.hand_over(
                    ready.parcel._replace(permit_id=permit_id), allowed=lambda: self._service.clock.monotonic() < self._deadline
                )
                ended = (ready, outcome)

    def _next(self, connection: Connection) -> tuple[Ready, str] | None:
        """The next message this connection may take: one that another provider may have got already waits for that one."""
        if not self._waiting or not self._may_start() or not connection.usable:
            return None
        if self._waiting[-1][0].parcel.provider not in (None, connection.provider):
            return None
        return self._waiting.pop()

    async def _commit(self, ended: tuple[Ready, Outcome] | None, begins: tuple[UUID, str, bool] | None) -> bool:
        """Have both written in one commit, together with what other connections want; True: the next message may begin.

        As the outcome of one and the beginning of the next share a commit, never more rows are `handing_off` than there are connections.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
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
                    step.done.set_result(step.begins is not None and step.begins[0] in begun)

    async def _commit_round(self, steps: list[_Step]) -> set[UUID]:
        outcomes = [_row(*step.ended) for step in steps if step.ended is not None]
        beginning = [step.begins for step in steps if step.begins is not None]
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
