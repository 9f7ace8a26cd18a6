"""Leaves of rules that look at order, calendars, computed figures, messages and lists -> DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final

from services.analytics.domain import calendars, rules
from services.analytics.domain.rules import Ago

if TYPE_CHECKING:
    from services.analytics.store.segment_sql import Compiler

Found = tuple[str, str, str | None]

#: Order of events: time, then the place in the warehouse (the order in which they came).
_KEY: Final = "epoch_us(e.occurred_at)::HUGEINT * 1099511627776 + e.place"


def _sequence(compiler: Compiler, leaf: rules.Sequence) -> Found:
    """From every first step the earliest next step is taken: if there is a chain at all, this finds it."""
    first = leaf.steps[0]
    tests = compiler.event_tests(first.name, first.kind, first.where) + compiler.in_window("e.occurred_at", leaf.window)
    body = f"SELECT e.customer, e.occurred_at AS started, e.occurred_at AS reached, {_KEY} AS place FROM {compiler.sources.events} e WHERE {' AND '.join(tests)}"  # noqa: S608
    done = "true"
    decided = "NULL::TIMESTAMP"
    for step in leaf.steps[1:]:
        # Whatever follows a first step of the window lies after the window's beginning.
        tests = compiler.event_tests(step.name, step.kind, step.where) + compiler.in_window("e.occurred_at", rules.Window(since=leaf.window.since))
        before, events = compiler.cte(body), compiler.cte(
            f"SELECT e.customer, e.occurred_at, {_KEY} AS place FROM {compiler.sources.events} e WHERE {' AND '.join(tests)}"  # noqa: S608
        )
        limit = f"b.reached + to_days({compiler.bind(step.within_days)}::INTEGER)" if step.within_days is not None else "NULL::TIMESTAMP"
        body = (
            f"SELECT b.customer, b.started, e.occurred_at AS reached, e.place, {limit} AS limit_at FROM {before} b "  # noqa: S608
            f"ASOF {'LEFT ' if step.absent else ''}JOIN {events} e ON e.customer = b.customer AND e.place > b.place"
        )
        if step.absent:
            done, decided = "(limit_at <= $now AND (reached IS NULL OR reached > limit_at))", "limit_at"
        elif step.within_days is not None:
            body = f"SELECT * FROM ({body}) WHERE reached <= limit_at"  # noqa: S608
    chains = compiler.cte(body)
    name = compiler.join(
        f"SELECT customer, count(*) FILTER (WHERE {done}) AS n, min(started) AS first_in, "  # noqa: S608
        f"min({decided}) FILTER (WHERE {decided} > $now) AS decided_at FROM {chains} GROUP BY 1"
    )
    edges = [f"{name}.decided_at"]
    if isinstance(leaf.window.since, Ago):
        edges.append(f"{name}.first_in + to_days({compiler.bind(leaf.window.since.days)}::INTEGER)")
    seen = f"coalesce({name}.n, 0)"
    return f"{seen} > 0", seen, f"least({', '.join(edges)}, NULL)"


def _calendar(compiler: Compiler, leaf: rules.Calendar) -> Found:
    """A trait is a day as it stands (also a Jalali one: 1369-01-05); other moments are days in the organisation's zone."""
    spans = calendars.stretches(leaf.calendar, leaf.years, leaf.months, leaf.days)
    own = None
    if leaf.of in {"first_order", "last_order"}:
        least = "min" if leaf.of == "first_order" else "max"
        moments = f"SELECT customer, {least}(ordered_at) AS moment FROM {compiler.sources.orders} GROUP BY 1"  # noqa: S608
    elif leaf.of == "registered_at":
        moments = f"SELECT customer, registered_at AS moment FROM {compiler.sources.population}"  # noqa: S608
    else:
        text = compiler.in_document("traits", leaf.of)[1]
        own = f"SELECT customer, {text} AS said FROM {compiler.sources.population}"  # noqa: S608
        moments = f"SELECT customer, TRY_CAST(left(said, 10) AS DATE)::TIMESTAMP AS moment FROM ({own}) WHERE NOT regexp_matches(said, '^1[234]\\d\\d-')"  # noqa: S608
    starts, ends = (
        compiler.bind([
            datetime.combine(day, time()) if own else calendars.midnight(day, compiler.zone).replace(tzinfo=None) for day in days
        ]) for days in zip(*spans, strict=True)
    )
    body = (
        f"SELECT m.customer, m.moment FROM ({moments}) m "  # noqa: S608
        f"ASOF JOIN (SELECT unnest({starts}::TIMESTAMP[]) AS starts, unnest({ends}::TIMESTAMP[]) AS ends) s ON m.moment >= s.starts WHERE m.moment < s.ends"
    )
    if own is not None and leaf.calendar == "jalali":
        tests = [f"list_contains({compiler.bind(list(wanted))}::INTEGER[], TRY_CAST(split_part(said, '-', {place}) AS INTEGER))"
                 for place, wanted in enumerate((leaf.years, leaf.months, leaf.days), 1) if wanted]
        body += f" UNION SELECT customer, NULL FROM ({own}) WHERE regexp_matches(said, '^1[234]\\d\\d-\\d\\d-\\d\\d') AND {' AND '.join(tests)}"  # noqa: S608
    name = compiler.join(f"SELECT customer, max(moment) AS moment, true AS falls FROM ({body}) GROUP BY 1")  # noqa: S608
    return f"{name}.falls", f"coalesce({name}.moment::VARCHAR, {name}.falls::VARCHAR)", None


def _named(source: str) -> Callable[[Compiler, Any], Found]:
    def read(compiler: Compiler, leaf: rules.Computed | rules.Score) -> Found:
        name = compiler.join(f"SELECT customer, value FROM {getattr(compiler.sources, source)} WHERE name = {compiler.bind(leaf.test.name)}::VARCHAR")  # noqa: S608
        text = f"{name}.value"
        truth, due = compiler.compared(leaf.test, text, document=None, path=None)
        return truth, text, due

    return read


def _message(compiler: Compiler, leaf: rules.Message) -> Found:
    tests = [f"e.outcome = {compiler.bind(leaf.outcome)}::VARCHAR", "NOT coalesce(e.automated, false)"]
    if leaf.origin is not None:
        tests.append(f"e.campaign_id = {compiler.bind(leaf.origin)}::VARCHAR")
    if leaf.channel is not None:
        tests.append(f"e.channel = {compiler.bind(leaf.channel)}::VARCHAR")
    table = f"(SELECT person AS customer, outcome, automated, campaign_id, channel, happened_at, message_id FROM {compiler.sources.messages}) e"  # noqa: S608
    name = compiler.counted(table, "e.happened_at", "count(DISTINCT e.message_id)", tests, leaf.window)
    seen = f"coalesce({name}.n, 0)"
    return f"{seen} {'=' if leaf.op == 'eq' else '>='} {compiler.bind(leaf.count)}::BIGINT", seen, compiler.edge(name, leaf.window)


def _listed(compiler: Compiler, leaf: rules.Listed) -> Found:
    name = compiler.join(f"SELECT customer, true AS listed FROM {compiler.sources.listed} WHERE segment = {compiler.bind(leaf.segment_id)}::VARCHAR")  # noqa: S608
    return f"{name}.listed", f"coalesce({name}.listed, false)", None


LEAVES: Final[dict[type[Any], Callable[[Compiler, Any], Found]]] = {
    rules.Sequence: _sequence, rules.Calendar: _calendar, rules.Computed: _named("computed"), rules.Score: _named("model_scores"), rules.Message: _message,
    rules.Listed: _listed,
}
