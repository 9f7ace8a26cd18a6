"""Rule tree -> one DuckDB query with bound parameters; names of tables and columns come from this file alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from services.analytics.domain import rules
from services.analytics.domain.rules import Ago, Compared, Moment, Node, Window
from services.analytics.store import segment_leaves

_PARAMETER: Final = re.compile(r"\$(\w+)")
OPERATORS: Final = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "before": "<", "after": ">="}
_COLUMNS: Final = {
    "registered_at": "p.registered_at", "known": "p.known", "customer_type": "p.type", "language": "p.language", "email": "p.has_email", "phone": "p.has_phone",
}
_RFM: Final = {"r": "s.r", "f": "s.f", "m": "s.m", "rfm": "(s.r::VARCHAR || s.f::VARCHAR || s.m::VARCHAR)"}


#: One spelling of the letters and digits that Persian texts mix; the zero-width non-joiner, tatweel and vowel signs go.
_SPELLINGS: Final = "يىكةؤإأٱ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹\u200c\u200d\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
_SPELT: Final = "ییکهوااا01234567890123456789"


def folded(text: str) -> str:
    """SQL for a text in the form in which Persian spellings are compared; texts with one byte a sign are in it already."""
    return f"CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE translate({text}, '{_SPELLINGS}', '{_SPELT}') END"


#: Properties of events that have columns of their own, filled when events are loaded: reading them out of the JSON takes ten times as long.
NUMBERS: Final = ("price", "value")
TEXTS: Final = ("category", "product_id", "sku")


class Sources(NamedTuple):
    """Where facts of customers are read from: everybody's, or the temporary tables of a few (`narrow`)."""

    population: str = "live"
    events: str = "event_of"
    orders: str = "order_of"
    lines: str = "line_of"
    refunds: str = "refund_of"
    messages: str = "message_of"
    scores: str = "score"
    consents: str = "consent_of"
    computed: str = "computed"
    model_scores: str = "model_score"
    listed: str = "listed_of"


EVERYBODY: Final = Sources()
NARROWED: Final = Sources("population", *(f"touched_{name}" for name in ("event", "order", "line", "refund", "message", "score", "consent", "computed", "model_score", "listed")))


class Clause(NamedTuple):
    """One leaf: SQL for its truth (never NULL), for the value seen, and for when time alone may change it (or NULL)."""

    pointer: str
    truth: str
    seen: str
    due: str | None


@dataclass
class Compiled:
    """`WITH {ctes} SELECT … {source} WHERE {truth}`; `due` is SQL for the next moment at which time alone may change the answer."""

    ctes: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    truth: str = "false"
    population: str = "live"

    def arguments(self, sql: str, **more: Any) -> dict[str, Any]:
        """The parameters that a statement made of this rule names: DuckDB refuses those it does not."""
        named = set(_PARAMETER.findall(sql))
        return {name: value for name, value in (self.parameters | more).items() if name in named}

    @property
    def opening(self) -> str:
        return "WITH " + ", ".join(self.ctes) + " " if self.ctes else ""

    @property
    def source(self) -> str:
        return f"FROM {self.population} p {' '.join(self.joins)}"

    @property
    def due(self) -> str:
        found = [clause.due for clause in self.clauses if clause.due is not None]
        if not found:
            return "NULL::TIMESTAMP"
        listed = ", ".join(f"CASE WHEN {due} > $now THEN {due} END" for due in found)
        return f"least({listed}, NULL) + INTERVAL 1 MILLISECOND"

    def holding(self) -> str:
        """(customer) of everybody for whom the rule holds, in no order."""
        return f"{self.opening}SELECT p.customer {self.source} WHERE {self.truth}"

    def members(self) -> str:
        """(customer) of everybody for whom the rule holds, in the order of their ids, as texts."""
        return f"{self.opening}SELECT p.customer::VARCHAR AS customer {self.source} WHERE {self.truth} ORDER BY p.customer"

    def verdicts(self) -> str:
        """(customer, truth, due) of those for whom the rule holds or changes before `$horizon`."""
        due = self.due
        return (
            f"{self.opening}SELECT p.customer::VARCHAR, {self.truth}, CASE WHEN {due} < $horizon THEN {due} END {self.source} "
            f"WHERE {self.truth} OR {due} < $horizon"
        )

    def reasons(self) -> str:
        """For each customer of the population: the rule's truth, then truth and value seen of each leaf."""
        listed = "".join(f", {clause.truth}, ({clause.seen})::VARCHAR" for clause in self.clauses)
        return f"{self.opening}SELECT {self.truth}{listed} {self.source}"


def compile_rule(
    node: Node, *, now: datetime, currency: str, sources: Sources = EVERYBODY, prefix: str = "c", zone: str = "UTC"
) -> Compiled:
    """The query of a rule whose referenced segments are already expanded (`rules.expand`). `prefix` keeps several apart in one query.

    Months and days of a calendar begin at midnight in `zone`.
    """
    compiler = begin(now=now, currency=currency, sources=sources, prefix=prefix, zone=zone)
    compiler.out.truth = compiler.tree(node, "")
    return compiler.out


def begin(*, now: datetime, currency: str, sources: Sources = EVERYBODY, prefix: str = "c", zone: str = "UTC") -> Compiler:
    """A compiler whose query has no condition yet."""
    compiler = Compiler(now=now, currency=currency, sources=sources, prefix=prefix, zone=zone)
    compiler.out.population = sources.population
    compiler.out.parameters["now"] = _naive(now)
    return compiler


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


class Compiler:
    """Makes one query of one or more rules and figures."""

    def __init__(self, *, now: datetime, currency: str, sources: Sources, prefix: str, zone: str) -> None:
        self.out = Compiled()
        self.zone = zone
        self._now = now
        self._currency = currency
        self.sources = sources
        self._prefix = prefix

    def tree(self, node: Node, at: str) -> str:
        match node:
            case rules.All(parts):
                return "(" + " AND ".join(self.tree(part, f"{at}/all/{number}") for number, part in enumerate(parts)) + ")"
            case rules.AnyOf(parts):
                return "(" + " OR ".join(self.tree(part, f"{at}/any/{number}") for number, part in enumerate(parts)) + ")"
            case rules.Not(part):
                return f"(NOT {self.tree(part, f'{at}/not')})"
            case rules.Segment():
                raise AssertionError("referenced segments are expanded before compiling")
            case _:
                truth, seen, due = self.leaf(node)
                truth = f"coalesce({truth}, false)"
                self.out.clauses.append(Clause(at, truth, seen, due))
                return truth

    def leaf(self, node: Node) -> tuple[str, str, str | None]:
        """(truth, value seen, when time alone may change it) of one leaf."""
        own = _LEAVES.get(type(node))
        compiled: tuple[str, str, str | None] = own(self, node) if own is not None else segment_leaves.LEAVES[type(node)](self, node)
        return compiled

    def bind(self, value: Any) -> str:
        name = f"{self._prefix}_p{len(self.out.parameters)}"
        self.out.parameters[name] = value
        return f"${name}"

    def moment(self, moment: Moment) -> str:
        return self.bind(_naive(moment.at(self._now) if isinstance(moment, Ago) else moment)) + "::TIMESTAMP"

    def cte(self, body: str) -> str:
        """A CTE under a new name."""
        name = f"{self._prefix}{len(self.out.ctes)}"
        self.out.ctes.append(f"{name} AS ({body})")
        return name

    def join(self, body: str) -> str:
        """A CTE with one row for each customer, joined under a new name."""
        name = self.cte(body)
        self.out.joins.append(f"LEFT JOIN {name} ON {name}.customer = p.customer")
        return name

    def scores(self) -> None:
        join = f"LEFT JOIN {self.sources.scores} s ON s.customer = p.customer"
        if join not in self.out.joins:
            self.out.joins.append(join)

    def in_window(self, column: str, window: Window) -> list[str]:
        tests = []
        if window.since is not None:
            tests.append(f"{column} >= {self.moment(window.since)}")
        if window.until is not None:
            tests.append(f"{column} < {self.moment(window.until)}")
        return tests

    def compared(
        self, test: Compared, text: str, *, document: str | None, path: str | None, number: str | None = None
    ) -> tuple[str, str | None]:
        """(truth, due) of a comparison of `text`, a VARCHAR expression out of a JSON document; `number`: the same as a DOUBLE."""
        if test.op == "exists":
            return (f"{text} IS NOT NULL" if test.value else f"{text} IS NULL"), None
        if test.op in {"before", "after"}:
            moment = f"TRY_CAST({text} AS TIMESTAMPTZ)::TIMESTAMP"
            due = f"({moment} + to_days({self.bind(test.value.days)}::INTEGER))" if isinstance(test.value, Ago) else None
            return f"{moment} {OPERATORS[test.op]} {self.moment(test.value)}", due
        if test.op == "in":
            return "(" + " OR ".join(self._equals(text, value, number) for value in test.value) + ")", None
        if test.op == "contains":
            needle = self.bind(test.value) + "::VARCHAR"
            plain = f"contains({folded(f'lower({text})')}, {folded(f'lower({needle})')})"
            if document is None:
                return plain, None
            listed = f"list_contains(TRY_CAST(json_extract({document}, {path}) AS VARCHAR[]), {needle})"
            return f"CASE WHEN json_type({document}, {path}) = 'ARRAY' THEN {listed} ELSE {plain} END", None
        if test.op == "eq":
            return self._equals(text, test.value, number), None
        if test.op == "neq":
            return f"NOT coalesce({self._equals(text, test.value, number)}, false)", None
        return f"{number or f'TRY_CAST({text} AS DOUBLE)'} {OPERATORS[test.op]} {self.bind(float(test.value))}::DOUBLE", None

    def _equals(self, text: str, value: Any, number: str | None) -> str:
        if isinstance(value, bool):
            return f"{text} = {self.bind('true' if value else 'false')}::VARCHAR"
        if isinstance(value, (int, float)):
            return f"{number or f'TRY_CAST({text} AS DOUBLE)'} = {self.bind(float(value))}::DOUBLE"
        if value.isascii() and not any(sign.isdigit() for sign in value):
            return f"{text} = {self.bind(value)}::VARCHAR"
        return f"{folded(text)} = {folded(self.bind(value) + '::VARCHAR')}"

    def in_document(self, document: str, name: str) -> tuple[str, str]:
        """(path, text) of a named value in a JSON column; dots lead into nested objects."""
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in name.split("."))
        path = self.bind(pointer) + "::VARCHAR"
        return path, f"json_extract_string({document}, {path})"

    def property(self, name: str) -> tuple[str, str, str]:
        """(path, text, number) of a property of the events `e`."""
        path, text = self.in_document("e.properties", name)
        text = f"e.{name}" if name in TEXTS else text
        return path, text, f"e.{name}" if name in NUMBERS else f"TRY_CAST({text} AS DOUBLE)"

    def trait(self, leaf: rules.Trait) -> tuple[str, str, str | None]:
        test = leaf.test
        column = _COLUMNS.get(test.name)
        if column is None:
            path, text = self.in_document("p.traits", test.name)
            truth, due = self.compared(test, text, document="p.traits", path=path)
            return truth, text, due
        if test.name in {"email", "phone"}:
            return (column if test.value else f"NOT {column}"), column, None
        text = f"({column})::VARCHAR"
        truth, due = self.compared(test, text, document=None, path=None)
        return truth, text, due

    def event_tests(self, name: str, kind: str | None, where: Sequence[Compared]) -> list[str]:
        """Conditions on `e` that pick events."""
        tests = ["true"]
        if name != "*":
            tests.append(f"e.name = {self.bind(name)}::VARCHAR")
        if kind is not None:
            tests.append(f"e.kind = {self.bind(kind)}::VARCHAR")
        for test in where:
            path, text, number = self.property(test.name)
            tests.append(f"coalesce({self.compared(test, text, document='e.properties', path=path, number=number)[0]}, false)")
        return tests

    def event(self, leaf: rules.Event) -> tuple[str, str, str | None]:
        tests = self.event_tests(leaf.name, leaf.kind, leaf.where)
        figure = "count(*)"
        if leaf.property is not None:
            _, text, number = self.property(leaf.property)
            value = text if leaf.measure == "distinct" else number
            figure = {"average": f"avg({value})", "distinct": f"count(DISTINCT {value})"}.get(leaf.measure, f"{leaf.measure}({value})")
        name = self.counted(f"{self.sources.events} e", "e.occurred_at", figure, tests, leaf.window)
        seen = f"coalesce({name}.n, 0)" if leaf.measure in {"count", "sum", "distinct"} else f"{name}.n"
        kind = "BIGINT" if isinstance(leaf.count, int) and leaf.measure == "count" else "DOUBLE"
        return f"{seen} {OPERATORS[leaf.op]} {self.bind(leaf.count)}::{kind}", seen, self.edge(name, leaf.window)

    def counted(self, table: str, at: str, figure: str, tests: list[str], window: Window) -> str:
        """A CTE with the figure `n` inside the window, `first_in` and `last_in` of it, and `next_in`: the first fact not yet old enough."""
        inside = " AND ".join(self.in_window(at, window)) or "true"
        outside = f"{at} >= {self.moment(window.until)}" if isinstance(window.until, Ago) else "false"
        return self.join(
            f"SELECT customer, {figure} FILTER (WHERE {inside}) AS n, min({at}) FILTER (WHERE {inside}) AS first_in, "  # noqa: S608
            f"max({at}) FILTER (WHERE {inside}) AS last_in, min({at}) FILTER (WHERE {outside}) AS next_in FROM {table} "
            f"WHERE {' AND '.join(tests)} AND (({inside}) OR {outside}) GROUP BY 1"
        )

    def edge(self, name: str, window: Window) -> str | None:
        edges = []
        if isinstance(window.since, Ago):
            edges.append(f"{name}.first_in + to_days({self.bind(window.since.days)}::INTEGER)")
        if isinstance(window.until, Ago):
            edges.append(f"{name}.next_in + to_days({self.bind(window.until.days)}::INTEGER)")
        return f"least({', '.join(edges)}, NULL)" if edges else None

    def orders(self, leaf: rules.Orders) -> tuple[str, str, str | None]:
        of_lines = leaf.product is not None or leaf.category is not None
        tests = ["true"]
        if leaf.product is not None:
            tests.append(f"o.product_id = {self.bind(leaf.product)}::VARCHAR")
        if leaf.category is not None:
            tests.append(f"o.category = {self.bind(leaf.category)}::VARCHAR")
        money = leaf.measure in {"sum", "average"}
        if money:
            tests.append(f"o.currency = {self.bind(self._currency)}::VARCHAR")
        table = f"{self.sources.lines if of_lines else self.sources.orders} o"
        amount = "o.amount_minor" if of_lines else "o.net_minor"
        figure = {"days": "count(DISTINCT o.ordered_at::DATE)", "sum": f"sum({amount})"}.get(leaf.measure, "count(DISTINCT o.order_id)")
        if leaf.measure == "average":
            figure = f"sum({amount})"
        name = self.counted(table, "o.ordered_at", figure, tests, leaf.window)
        due = self.edge(name, leaf.window)
        if leaf.measure in {"first", "last"}:
            seen = f"{name}.{leaf.measure}_in"
            assert isinstance(leaf.value, (datetime, Ago))
            own = f"({seen} + to_days({self.bind(leaf.value.days)}::INTEGER))" if isinstance(leaf.value, Ago) else None
            both = ", ".join(edge for edge in (due, own) if edge)
            return f"{seen} {OPERATORS[leaf.op]} {self.moment(leaf.value)}", seen, f"least({both}, NULL)" if both else None
        seen = f"coalesce({name}.n, 0)"
        if money and not of_lines:
            back = self.counted(
                f"{self.sources.refunds} r", "r.refunded_at", "sum(r.amount_minor)",
                [f"r.currency = {self.bind(self._currency)}::VARCHAR"], leaf.window,
            )
            seen = f"({seen} - coalesce({back}.n, 0))"
            due = f"least({due}, {self.edge(back, leaf.window)})" if due else None
        if leaf.measure == "average":
            count = self.counted(table, "o.ordered_at", "count(DISTINCT o.order_id)", tests, leaf.window)
            seen = f"({seen} / nullif({count}.n, 0))"
        assert isinstance(leaf.value, (int, float))
        return f"{seen} {OPERATORS[leaf.op]} {self.bind(float(leaf.value))}::DOUBLE", seen, due

    def rfm(self, leaf: rules.Rfm) -> tuple[str, str, str | None]:
        self.scores()
        column = _RFM[leaf.part]
        kind = "VARCHAR" if leaf.part == "rfm" else "INTEGER"
        if leaf.op == "in":
            return f"{column} IN (SELECT unnest({self.bind(list(leaf.value))}::{kind}[]))", column, None
        return f"{column} {OPERATORS[leaf.op]} {self.bind(leaf.value)}::{kind}", column, None

    def consent(self, leaf: rules.Consent) -> tuple[str, str, str | None]:
        tests = [f"purpose = {self.bind(leaf.purpose)}::VARCHAR"]
        if leaf.channel is not None:
            tests.append(f"channel IN ({self.bind(leaf.channel)}::VARCHAR, '*')")
        strict = "CASE WHEN bool_or(state = 'withdrawn') THEN 'withdrawn' WHEN bool_or(state = 'granted') THEN 'granted' ELSE 'none' END"
        figure = strict if leaf.channel is not None or leaf.state != "granted" else "CASE WHEN bool_or(state = 'granted') THEN 'granted' END"
        name = self.join(f"SELECT customer, {figure} AS said FROM {self.sources.consents} WHERE {' AND '.join(tests)} GROUP BY 1")  # noqa: S608
        seen = f"coalesce({name}.said, 'none')"
        return f"{seen} = {self.bind(leaf.state)}::VARCHAR", seen, None

    def stage(self, leaf: rules.Stage) -> tuple[str, str, str | None]:
        self.scores()
        name = self.join(f"SELECT DISTINCT customer FROM {self.sources.orders}")  # noqa: S608
        seen = f"CASE WHEN {name}.customer IS NULL THEN 'acquire' WHEN s.stage = 'retain' THEN 'retain' ELSE 'enhance' END"
        return f"list_contains({self.bind(list(leaf.stages))}::VARCHAR[], {seen})", seen, None


_LEAVES: Final[dict[type[Any], Callable[[Compiler, Any], tuple[str, str, str | None]]]] = {
    rules.Trait: Compiler.trait, rules.Event: Compiler.event, rules.Orders: Compiler.orders, rules.Rfm: Compiler.rfm,
    rules.Consent: Compiler.consent, rules.Stage: Compiler.stage,
}
