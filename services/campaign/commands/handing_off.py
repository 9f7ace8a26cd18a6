"""Handing permitted messages to the mail server over all its connections, with the ledger one commit ahead of every byte."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from chassis import telemetry
from chassis.database import COLLISIONS, INFRASTRUCTURE
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.preparing import Ready
from services.campaign.domain import ledger as rules
from services.campaign.domain import mail
from services.campaign.domain.ledger import HAND_OFF_LEASE, MOST_ATTEMPTS, Outcome, State
from services.campaign.outbound.smtp import MailServer, ServerAway
from services.campaign.settings import CampaignService
from services.campaign.store import ledger

COMMIT_TRIES = 3
#: How long a sender that is being stopped waits for the hand-offs at hand.
LAST_HAND_OFFS = 8.0

_log = telemetry.logger(__name__)


class _Step(NamedTuple):
    """What one connection wants committed: the outcome of its last message, and that its next one begins."""

    ended: tuple[Ready, Outcome] | None
    begins: UUID | None
    done: asyncio.Future[bool]


class HandOff:
    """One batch. `started`: messages that reached `handing_off`; `outcomes`: how they ended, as far as is known."""

    def __init__(self, service: CampaignService, server: MailServer, *, owner: UUID, deadline: float) -> None:
        self.started: set[UUID] = set()
        self.outcomes: dict[UUID, str] = {}
        self._service = service
        self._server = server
        self._owner = owner
        self._deadline = deadline
        self._waiting: list[tuple[Ready, str]] = []
        self._steps: list[_Step] = []
        self._committer: asyncio.Task[None] | None = None
        self._stopping = False

    async def run(self, mails: list[tuple[Ready, str]]) -> None:
        """Hand off (message, permit id) until all are done, the deadline has passed or the server is gone. Stops cleanly when cancelled."""
        self._waiting = list(reversed(mails))
        workers = [asyncio.create_task(self._work()) for _ in range(min(self._server.connections, len(mails)))]
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
            try:
                await self._over_one_connection()
            except ServerAway:
                return

    async def _over_one_connection(self) -> None:
        async with self._server.connection() as connection:
            ended: tuple[Ready, Outcome] | None = None
            while True:
                following = self._waiting.pop() if self._waiting and self._may_start() and connection.usable else None
                if following is None:
                    if ended is not None:
                        await self._commit(ended, None)
                    return
                ready, permit_id = following
                begun = await self._commit(ended, ready.message.id)
                ended = None
                if begun:
                    outcome = await connection.hand_over(
                        sender=ready.sender, recipient=ready.recipient, mail=mail.with_permit(ready.mail, permit_id),
                        allowed=lambda: self._service.clock.monotonic() < self._deadline,
                    )
                    ended = (ready, outcome)

    async def _commit(self, ended: tuple[Ready, Outcome] | None, begins: UUID | None) -> bool:
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
                    step.done.set_result(step.begins in begun)

    async def _commit_round(self, steps: list[_Step]) -> set[UUID]:
        outcomes = [_row(*step.ended) for step in steps if step.ended is not None]
        beginning = [step.begins for step in steps if step.begins is not None]
        for attempt in range(COMMIT_TRIES):
            try:
                async with self._service.transaction() as tx:
                    changed = await ledger.record_outcomes(tx.db, owner=self._owner, outcomes=outcomes) if outcomes else []
                    tell_changes(tx, changed, at=self._service.clock.now())
                    begun = await ledger.begin_hand_off(
                        tx.db, owner=self._owner, message_ids=beginning, lease=HAND_OFF_LEASE
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
        return begun


def _row(ready: Ready, outcome: Outcome) -> tuple[UUID, str, str | None, int | None, timedelta | None]:
    """The ledger's form of an outcome: a temporary refusal is planned again with a growing pause, at most so many times."""
    attempts = ready.message.attempts + 1
    if outcome.state != State.PLANNED:
        return ready.message.id, outcome.state.value, outcome.reason or None, outcome.reply_code, None
    if outcome.reason == "permit_expired":
        return ready.message.id, State.PLANNED.value, outcome.reason, None, timedelta(0)
    if attempts >= MOST_ATTEMPTS:
        return ready.message.id, State.FAILED.value, outcome.reason, outcome.reply_code, None
    return ready.message.id, State.PLANNED.value, outcome.reason, outcome.reply_code, rules.retry_after(attempts)
