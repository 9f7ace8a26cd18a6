"""Who was touched, and what a rule says about them: reads of the warehouse, each within one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from services.analytics.domain import rules
from services.analytics.domain.rules import Node
from services.analytics.settings import Facts
from services.analytics.store import segment_sql
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Customers whose facts, identities, profile, consent or score came with a commit above a number. A moved identity touches both owners.
_TOUCHED: Final = """
SELECT DISTINCT coalesce(a.root, t.customer)::VARCHAR FROM (
    SELECT i.customer FROM event e JOIN identity i ON i.identity = e.identity WHERE e.seq > $seq
    UNION ALL SELECT i.customer FROM orders o JOIN identity i ON i.identity = o.identity WHERE o.seq > $seq
    UNION ALL SELECT i.customer FROM refund r JOIN identity i ON i.identity = r.identity WHERE r.seq > $seq
    UNION ALL SELECT customer FROM identity WHERE seq > $seq
    UNION ALL SELECT previous FROM identity WHERE seq > $seq AND previous IS NOT NULL
    UNION ALL SELECT customer FROM customer WHERE seq > $seq
    UNION ALL SELECT customer FROM consent WHERE seq > $seq
    UNION ALL SELECT customer FROM score WHERE seq > $seq
    UNION ALL SELECT customer FROM computed WHERE seq > $seq
    UNION ALL SELECT customer FROM model_score WHERE seq > $seq
    UNION ALL SELECT customer FROM listed WHERE seq > $seq
    UNION ALL SELECT customer FROM message WHERE seq > $seq AND $messages
) t LEFT JOIN alias a ON a.customer = t.customer
UNION SELECT customer::VARCHAR FROM customer WHERE seq > $seq
LIMIT $limit
"""

#: The temporary tables that stand for the views when few customers are asked for; read once for all rules of a round, and left
#: empty when no rule reads them: looking through the facts is what costs.
_NARROW: Final = {
    "event": """SELECT i.customer, e.rowid AS place, e.kind, e.name, e.occurred_at, e.properties, e.price, e.value, e.category, e.product_id, e.sku
        FROM event e JOIN touched_identity i ON i.identity = e.identity WHERE $wanted""",
    "order": """SELECT i.customer, o.order_id, o.currency, o.ordered_at, o.net_minor FROM orders o JOIN touched_identity i ON i.identity = o.identity
        WHERE $wanted AND o.counts""",
    "line": """SELECT i.customer, l.order_id, o.currency, o.ordered_at, l.product_id, l.category, l.amount_minor
        FROM line l JOIN orders o ON o.order_id = l.order_id JOIN touched_identity i ON i.identity = o.identity WHERE $wanted AND o.counts""",
    "refund": """SELECT i.customer, r.currency, r.amount_minor, r.refunded_at FROM valid_refund r JOIN touched_identity i ON i.identity = r.identity
        WHERE $wanted""",
    "message": """SELECT person, outcome, automated, campaign_id, channel, happened_at, message_id FROM message_of
        WHERE $wanted AND person IN (SELECT customer FROM population)""",
    "score": "SELECT * FROM score WHERE $wanted AND customer IN (SELECT customer FROM population)",
    "consent": "SELECT * FROM consent_of WHERE $wanted AND customer IN (SELECT customer FROM population)",
    "computed": "SELECT * FROM computed WHERE $wanted AND customer IN (SELECT customer FROM population)",
    "model_score": "SELECT * FROM model_score WHERE $wanted AND customer IN (SELECT customer FROM population)",
    "listed": "SELECT * FROM listed_of WHERE $wanted AND customer IN (SELECT customer FROM population)",
}
#: What a leaf reads besides the profile.
_READS: Final[dict[type[Any], frozenset[str]]] = {
    rules.Event: frozenset({"event"}), rules.Sequence: frozenset({"event"}), rules.Message: frozenset({"message"}), rules.Stage: frozenset({"order", "score"}),
    rules.Rfm: frozenset({"score"}), rules.Consent: frozenset({"consent"}), rules.Computed: frozenset({"computed"}), rules.Score: frozenset({"model_score"}),
    rules.Listed: frozenset({"listed"}),
}


def tables_read(rules_asked: Iterable[Node]) -> frozenset[str]:
    """What rules read besides the profile."""
    found: set[str] = set()
    for rule in rules_asked:
        for _, leaf in rules.walk(rule):
            found |= _READS.get(type(leaf), frozenset())
            if isinstance(leaf, rules.Calendar) and leaf.of in {"first_order", "last_order"}:
                found.add("order")
            elif isinstance(leaf, rules.Orders):
                found |= {"line"} if leaf.product is not None or leaf.category is not None else {"order", "refund"}
    return frozenset(found)


class Question(NamedTuple):
    """A rule to ask, its segments already expanded."""

    segment_id: UUID
    rule: Node


class Verdict(NamedTuple):
    """About a customer for whom the rule holds or soon changes; of others nothing is said. `due`: when time alone may change it, if that is before the horizon."""

    customer_id: UUID
    holds: bool
    due: datetime | None


class Round(NamedTuple):
    """What was found in one snapshot of the warehouse."""

    seq: int
    touched: list[UUID]
    verdicts: dict[UUID, list[Verdict]]
    too_many: bool


def newest(connection: DuckDBPyConnection) -> int:
    """The number of the last commit."""
    found = one_row(connection, "SELECT seq FROM warehouse")
    assert found is not None
    return int(found[0])


def _narrow(connection: DuckDBPyConnection, customers: Sequence[UUID], asked: Iterable[Node], also: frozenset[str] = frozenset()) -> None:
    connection.execute(
        "CREATE TEMP TABLE population AS SELECT * FROM live WHERE customer IN (SELECT unnest($1::VARCHAR[])::UUID)",
        [[str(customer) for customer in customers]],
    )
    connection.execute("CREATE TEMP TABLE touched_identity AS SELECT identity, customer FROM identity WHERE customer IN (SELECT customer FROM population)")
    wanted = tables_read(asked) | also
    for name, statement in _NARROW.items():
        sql = f"CREATE TEMP TABLE touched_{name} AS {statement}"
        connection.execute(sql, {"wanted": name in wanted})


def evaluate_touched(
    connection: DuckDBPyConnection, *, since: int, due: Sequence[UUID], questions: Sequence[Question], now: datetime, horizon: datetime,
    currency: str, limit: int, zone: str = "UTC",
) -> Round:
    """Ask every question about the customers touched after commit `since` and those that are due.

    More than `limit` touched customers: nothing is asked, `too_many` is set.
    """
    seq = newest(connection)
    touched: list[UUID] = []
    if seq > since and questions:
        messages = "message" in tables_read(question.rule for question in questions)
        rows = connection.execute(_TOUCHED, {"seq": since, "limit": limit + 1, "messages": messages}).fetchall()
        if len(rows) > limit:
            return Round(seq, [], {}, too_many=True)
        touched = [UUID(row[0]) for row in rows]
    asked = list({*touched, *due})
    verdicts: dict[UUID, list[Verdict]] = {}
    if asked and questions:
        _narrow(connection, asked, [question.rule for question in questions])
        for question in questions:
            verdicts[question.segment_id] = _ask(connection, question, segment_sql.NARROWED, now, horizon, currency, zone)
    return Round(seq, asked, verdicts, too_many=False)


def evaluate_everybody(
    connection: DuckDBPyConnection, *, question: Question, now: datetime, horizon: datetime, currency: str, zone: str = "UTC"
) -> tuple[int, list[Verdict]]:
    """(commit number, those for whom the rule holds or changes before the horizon)."""
    return newest(connection), _ask(connection, question, segment_sql.EVERYBODY, now, horizon, currency, zone)


def _ask(
    connection: DuckDBPyConnection, question: Question, sources: segment_sql.Sources, now: datetime, horizon: datetime, currency: str, zone: str
) -> list[Verdict]:
    compiled = segment_sql.compile_rule(question.rule, now=now, currency=currency, sources=sources, zone=zone)
    sql = compiled.verdicts()
    rows = connection.execute(sql, compiled.arguments(sql, horizon=_naive(horizon))).fetchall()
    return [Verdict(UUID(customer), bool(holds), due.replace(tzinfo=UTC) if due else None) for customer, holds, due in rows]


def members(connection: DuckDBPyConnection, *, rule: Node, now: datetime, currency: str, zone: str = "UTC") -> list[UUID]:
    """Everybody for whom the rule holds, by id."""
    compiled = segment_sql.compile_rule(rule, now=now, currency=currency, zone=zone)
    sql = compiled.members()
    return [UUID(row[0]) for row in connection.execute(sql, compiled.arguments(sql)).fetchall()]


def preview(connection: DuckDBPyConnection, *, rule: Node, now: datetime, currency: str, examples: int, zone: str = "UTC") -> tuple[int, int, list[str]]:
    """(members, live customers, ids of some members)."""
    compiled = segment_sql.compile_rule(rule, now=now, currency=currency, zone=zone)
    inner = compiled.holding()
    sql = f"SELECT count(*), (SELECT count(*) FROM live), list_transform(min(customer, $examples), lambda c: c::VARCHAR) FROM ({inner})"  # noqa: S608 - made by the compiler
    found = one_row(connection, sql, compiled.arguments(sql, examples=examples))
    assert found is not None
    return int(found[0]), int(found[1]), list(found[2] or [])


def reasons(
    connection: DuckDBPyConnection, *, customer: UUID, rule: Node, now: datetime, currency: str, zone: str = "UTC",
    change: Callable[[DuckDBPyConnection], None] | None = None, also: frozenset[str] = frozenset(),
) -> tuple[bool, list[dict[str, Any]]] | None:
    """(the rule's truth, each clause with pointer, truth and value seen); None for a customer the warehouse does not know.

    `change`: alters the narrowed facts before the rule is asked, and needs the tables `also`.
    """
    _narrow(connection, [customer], [rule], also)
    if change is not None:
        change(connection)
    compiled = segment_sql.compile_rule(rule, now=now, currency=currency, sources=segment_sql.NARROWED, zone=zone)
    sql = compiled.reasons()
    found = one_row(connection, sql, compiled.arguments(sql))
    if found is None:
        return None
    clauses = [
        {"pointer": clause.pointer, "holds": bool(found[1 + 2 * number]), "seen": found[2 + 2 * number]}
        for number, clause in enumerate(compiled.clauses)
    ]
    return bool(found[0]), clauses


def holding(connection: DuckDBPyConnection, *, customers: Sequence[UUID], rule: Node | None, now: datetime) -> set[UUID]:
    """Those of the customers who are live and for whom the rule holds; without a rule, all who are live and not restricted."""
    if not customers:
        return set()
    _narrow(connection, list(customers), [rule] if rule is not None else [])
    if rule is None:
        return {UUID(row[0]) for row in connection.execute("SELECT customer::VARCHAR FROM population").fetchall()}
    compiled = segment_sql.compile_rule(rule, now=now, currency="", sources=segment_sql.NARROWED)
    sql = compiled.members()
    return {UUID(row[0]) for row in connection.execute(sql, compiled.arguments(sql)).fetchall()}


def survivor(connection: DuckDBPyConnection, customer: UUID) -> UUID | None:
    """Who answers for a customer id now; None for an id the warehouse does not know."""
    found = one_row(
        connection,
        """
        SELECT coalesce(a.root, c.customer)::VARCHAR FROM customer c LEFT JOIN alias a ON a.customer = c.customer WHERE c.customer = $1::UUID
        """,
        [str(customer)],
    )
    return None if found is None else UUID(found[0])


def family(connection: DuckDBPyConnection, root: UUID) -> list[UUID]:
    """Whoever this customer answers for: itself and all that were merged into it."""
    rows = connection.execute("SELECT customer::VARCHAR FROM alias WHERE root = $1::UUID", [str(root)]).fetchall()
    return [root, *(UUID(row[0]) for row in rows if row[0] != str(root))]


def survivors(connection: DuckDBPyConnection, customers: Sequence[UUID]) -> dict[UUID, UUID]:
    """Customer -> who answers for them now; unknown ones are left out."""
    rows = connection.execute(
        """
        SELECT c.customer::VARCHAR, coalesce(a.root, c.customer)::VARCHAR FROM customer c LEFT JOIN alias a ON a.customer = c.customer
        WHERE c.customer IN (SELECT unnest($1::VARCHAR[])::UUID)
        """,
        [[str(customer) for customer in customers]],
    ).fetchall()
    return {UUID(customer): UUID(root) for customer, root in rows}


def owners(connection: DuckDBPyConnection, identities: Sequence[str]) -> dict[str, UUID]:
    """Identity hash (hex) -> whose it is now; unknown ones are left out."""
    rows = connection.execute(
        """
        SELECT w.hash, i.customer::VARCHAR FROM (SELECT unnest($1::VARCHAR[]) AS hash) w JOIN identity i ON i.identity = ('0x' || w.hash)::UHUGEINT
        """,
        [list(identities)],
    ).fetchall()
    return {found: UUID(customer) for found, customer in rows}


def main_currency(connection: DuckDBPyConnection) -> str:
    """The currency of most orders, empty when there is none."""
    found = one_row(connection, "SELECT currency FROM orders WHERE counts GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1")
    return str(found[0]) if found else ""


async def reporting_currency(facts: Facts, setting: str) -> str:
    """The currency of money figures: the setting, else that of most orders."""
    return setting or await facts.read(main_currency)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
