"""Live membership: who was touched or is due is asked each second, everybody now and then; changes are told.

Nothing is lost when the process dies: the position in the warehouse is written after, and in the same transaction as, the changes
found up to it; whoever was touched since is found again by the numbers of the commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chassis import measuring, telemetry
from chassis.unit_of_work import Transaction
from contracts.analytics import SegmentEntered, SegmentLeft
from services.analytics.commands import loading
from services.analytics.domain import expanding, parsing
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, memberships
from services.analytics.store.evaluating import Question, Verdict
from services.analytics.store.memberships import Position

#: More touched customers than this: a full run is cheaper.
MOST_TOUCHED: Final = 5_000
CHUNK: Final = 5_000
#: After a round the evaluator rests this many times as long as the round took, at most so long: a fact waits up to 0.5 s to be loaded, then for the
#: rest and for the next look (a second), then for its own round, which takes a second at 1,000,000 customers. Five seconds are promised.
REST: Final = 3.0
LONGEST_REST: Final = 1.0
#: While no segment asks, what was touched is passed over this often; the position may lag, a later first question asks about more.
UNASKED_REST: Final = 10.0
#: How long one round of full runs may take before touched customers are looked at again.
FULL_SECONDS: Final = 1.0

_log = telemetry.logger(__name__)


async def evaluate(service: AnalyticsService) -> bool:
    """One round. Returns whether there is more to do at once."""
    known, more = await _evaluate_touched(service)
    more = await _empty_archived(service) or more
    started = service.clock.monotonic()
    for segment in _due_for_full_run(known, service.clock.now(), service.settings.full_run_minutes):
        if service.clock.monotonic() - started > FULL_SECONDS:
            return True
        await evaluate_fully(service, segment=segment, known=known)
    return more


def _due_for_full_run(known: Iterable[dict[str, Any]], now: datetime, minutes: int) -> list[dict[str, Any]]:
    """New and changed segments first, then those whose last full run is the longest ago."""
    limit = now - timedelta(minutes=minutes)
    due = [one for one in known if one["kind"] != "list" and (one["evaluated_version"] != one["version"] or one["evaluated_at"] is None or one["evaluated_at"] <= limit)]
    return sorted(due, key=lambda one: (one["evaluated_version"] == one["version"], one["evaluated_at"] or datetime.min.replace(tzinfo=UTC)))


async def _evaluate_touched(service: AnalyticsService) -> tuple[list[dict[str, Any]], bool]:
    warehouse, now = service.resources, service.clock.now()
    birth = UUID(warehouse.birth)
    async with service.read() as db:
        known = await definitions.active_segments(db)
        position = await memberships.read_position(db)
        due = await memberships.due_customers(db, now=now, limit=MOST_TOUCHED)
    if position is None or position.birth != birth:
        if not await loading.caught_up(service):
            return [], False
        await _begin_anew(service, birth)
        return await _reread(service), True
    ready = [one for one in known if one["kind"] != "list" and one["evaluated_version"] == one["version"] and one["evaluated_at"] is not None]
    questions = [Question(one["segment_id"], expanding.expand_rule(parsing.parse_rule(one["rule"]), known, own=one["segment_id"])) for one in ready]
    if not due and service.clock.monotonic() < (warehouse.rests_until if questions else warehouse.unasked_until):
        return known, False
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency) if questions else ""
    started = service.clock.monotonic()
    found = await warehouse.read(
        lambda connection: evaluating.evaluate_touched(
            connection, since=position.seq, due=due, questions=questions, now=now, horizon=_horizon(service, now), currency=currency,
            limit=MOST_TOUCHED, zone=service.settings.time_zone,
        )
    )
    ended = service.clock.monotonic()
    warehouse.unasked_until = ended + UNASKED_REST
    warehouse.rests_until = ended + min(LONGEST_REST, REST * (ended - started))
    waiting = bool(questions) and len(ready) < sum(1 for one in known if one["kind"] != "list")  # for a full run
    if found.seq == position.seq and not found.touched:
        _note_delays(service, found.seq, waiting=waiting, asked=bool(questions))
        return known, False
    versions = {one["segment_id"]: int(one["version"]) for one in ready}
    async with service.transaction() as tx:
        if found.too_many:
            await definitions.forget_evaluations(tx.db)
        for segment_id, verdicts in found.verdicts.items():
            holding = {verdict.customer_id for verdict in verdicts if verdict.holds}
            leaving = [customer for customer in found.touched if customer not in holding]
            await _change(tx, segment_id=segment_id, version=versions[segment_id], entering=list(holding), leaving=leaving, now=now)
            await memberships.replace_checks(tx.db, segment_id=segment_id, customers=found.touched, checks=_checks(verdicts))
        if found.touched:
            await memberships.forget_checks(tx.db, customers=found.touched, segments=list(versions))
        await memberships.write_position(tx.db, Position(birth, found.seq), at=now)
    _note_delays(service, found.seq, waiting=waiting, asked=bool(questions))
    return (await _reread(service) if found.too_many else known), len(due) >= MOST_TOUCHED


def _note_delays(service: AnalyticsService, seq: int, *, waiting: bool, asked: bool) -> None:
    """How long it took from an event until entries and exits were told; nothing where no segment asks, not yet where some wait for a full run."""
    loaded = service.resources.loaded
    while loaded and loaded[0][0] <= seq and not waiting:
        _, happened = loaded.popleft()
        if asked:
            measuring.delay(service, "segments", since=happened)


async def _begin_anew(service: AnalyticsService, birth: UUID) -> None:
    """Another warehouse file (or none before), now filled: everybody is evaluated for every segment."""
    seq = await service.resources.read(evaluating.newest)
    async with service.transaction() as tx:
        await definitions.forget_evaluations(tx.db)
        await memberships.write_position(tx.db, Position(birth, seq), at=service.clock.now())


async def _reread(service: AnalyticsService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await definitions.active_segments(db)


async def evaluate_fully(service: AnalyticsService, *, segment: dict[str, Any], known: list[dict[str, Any]]) -> None:
    """Ask one segment's rule about everybody and put the members right."""
    now = service.clock.now()
    segment_id, version = segment["segment_id"], int(segment["version"])
    rule = expanding.expand_rule(parsing.parse_rule(segment["rule"]), known, own=segment_id)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    _, verdicts = await service.resources.read(
        lambda connection: evaluating.evaluate_everybody(
            connection, question=Question(segment_id, rule), now=now, horizon=_horizon(service, now), currency=currency,
            zone=service.settings.time_zone,
        )
    )
    holding = {verdict.customer_id for verdict in verdicts if verdict.holds}
    async with service.read() as db:
        before = await memberships.members_of(db, segment_id)
    entering, leaving = sorted(holding - before), sorted(before - holding)
    for start in range(0, max(len(entering), len(leaving)), CHUNK):
        async with service.transaction() as tx:
            await _change(
                tx, segment_id=segment_id, version=version, entering=entering[start : start + CHUNK], leaving=leaving[start : start + CHUNK], now=now
            )
    async with service.transaction() as tx:
        await memberships.replace_checks(tx.db, segment_id=segment_id, customers=None, checks=_checks(verdicts))
        await definitions.mark_evaluated(tx.db, segment_id=segment_id, version=version, at=now)
    _log.info("segment_evaluated", service=service.name, segment_id=str(segment_id), count=len(holding))


async def _empty_archived(service: AnalyticsService) -> bool:
    """Members of archived segments leave, some at a time. Returns whether some remain."""
    async with service.read() as db:
        archived = await definitions.archived_with_members(db)
    for segment_id in archived:
        async with service.transaction() as tx:
            leaving = await memberships.some_members(tx.db, segment_id, limit=CHUNK)
            found = await definitions.find_segment(tx.db, segment_id)
            assert found is not None
            await _change(tx, segment_id=segment_id, version=found["version"], entering=[], leaving=leaving, now=service.clock.now())
            await memberships.replace_checks(tx.db, segment_id=segment_id, customers=None, checks=[])
    return bool(archived)


async def _change(
    tx: Transaction, *, segment_id: UUID, version: int, entering: Sequence[UUID], leaving: Sequence[UUID], now: datetime
) -> None:
    """Change the rows and tell what really changed."""
    if entering:
        for customer in await memberships.enter(tx.db, segment_id=segment_id, customers=entering, version=version, at=now):
            tx.tell(SegmentEntered(segment_id=str(segment_id), customer_id=str(customer), version=version, entered_at=now))
    if leaving:
        for customer in await memberships.leave(tx.db, segment_id=segment_id, customers=leaving):
            tx.tell(SegmentLeft(segment_id=str(segment_id), customer_id=str(customer), version=version, left_at=now))


def _checks(verdicts: Iterable[Verdict]) -> list[tuple[UUID, datetime]]:
    return [(verdict.customer_id, verdict.due) for verdict in verdicts if verdict.due is not None]


def _horizon(service: AnalyticsService, now: datetime) -> datetime:
    """Moments beyond are found by a full run in time: two intervals, should one come late."""
    return now + timedelta(minutes=2 * service.settings.full_run_minutes)
