"""A statement of this package in ClickHouse's words: sqlglot's translation, and what it leaves out.

Every statement of the warehouse is executed by a ClickHouse engine and compared with DuckDB in `make nightly`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlglot
from sqlglot import exp

_INTERVALS: Final = {
    "to_days": "toIntervalDay", "to_months": "toIntervalMonth", "to_hours": "toIntervalHour", "to_minutes": "toIntervalMinute", "to_seconds": "toIntervalSecond",
}
_RENAMED: Final = {**_INTERVALS, "hash": "cityHash64", "epoch_us": "toUnixTimestamp64Micro", "list_position": "indexOf"}


def translate(sql: str, columns: Mapping[str, Sequence[str]]) -> str:
    """One statement without parameters; `columns` are those of the tables, for `t.*`."""
    (tree,) = sqlglot.parse(sql, dialect="duckdb")
    assert tree is not None
    for node in reversed(list(tree.walk(bfs=True))):  # from the leaves up: what is rewritten has its parts rewritten already
        made = _rewritten(node)
        if made is node:
            continue
        if node is tree:
            tree = made
        else:
            node.replace(made)
    for select in tree.find_all(exp.Select):
        _name_columns(select, columns)
    text = tree.sql(dialect="clickhouse")
    return text.replace("Nullable(DateTime)", "Nullable(DateTime64(6, 'UTC'))").replace("Nullable(DATE)", "Nullable(Date32)")


def _rewritten(node: Any) -> exp.Expression:
    change = _CHANGES.get(type(node).__name__)
    return node if change is None else change(node)


def _call(name: str, *arguments: Any) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument is not None])


def _bare(node: Any) -> Any:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _seconds(node: Any) -> exp.Expression:
    """`epoch` of a moment, or of the time between two."""
    of = _bare(node.this)
    micros: Any = _call("toUnixTimestamp64Micro", of)
    if isinstance(of, exp.Sub):
        micros = exp.Paren(this=exp.Sub(this=_call("toUnixTimestamp64Micro", of.this), expression=_call("toUnixTimestamp64Micro", of.expression)))
    return exp.Paren(this=exp.Div(this=micros, expression=exp.Literal.number("1000000.0")))


def _collected(of: Any) -> exp.Expression:
    """`list(x ORDER BY y)` as an array."""
    by: list[Any] = []
    if isinstance(of, exp.Order):
        of, by = of.this, of.expressions
    if isinstance(of, exp.Distinct):
        return _call("arraySort", _call("groupUniqArray", of.expressions[0]))
    if not by:
        return _call("groupArray", of)
    pairs = _call("groupArray", _call("tuple", *(each.this for each in by), of))
    last = exp.Lambda(this=_call("tupleElement", exp.column("x"), exp.Literal.number(len(by) + 1)), expressions=[exp.to_identifier("x")])
    return _call("arrayMap", last, _call("arrayReverseSort" if by[0].args.get("desc") else "arraySort", pairs))


def _joined(node: Any) -> exp.Expression:
    text = _call("arrayStringConcat", _collected(node.this), node.args.get("separator") or exp.Literal.string(","))
    return _call("nullIf", text, exp.Literal.string(""))


def _filtered(node: Any) -> exp.Expression:
    """The condition goes to the aggregate inside what was made of it."""
    of, condition = node.this, node.expression.this
    if isinstance(of, exp.Mode):
        return _call("arrayElement", _call("topKIf(1)", of.this, condition), exp.Literal.number(1))
    inside: list[Any] = [each for each in of.walk() if isinstance(each, exp.Anonymous) and str(each.this).startswith(("group", "quantile"))]
    for each in inside:
        name, bracket, level = str(each.this).partition("(")
        each.set("this", f"{name}If{bracket}{level}")
        each.append("expressions", condition.copy())
    if inside or not isinstance(of, exp.Anonymous):
        return of if inside else node  # type: ignore[no-any-return]
    for found in list(of.find_all(exp.AggFunc)):
        found.replace(exp.Filter(this=found.copy(), expression=node.expression.copy()))
    return of


def _quantile(level: str, of: Any) -> exp.Expression:
    return _call(f"quantileExactInclusive({level})", of)


def _sliced(node: Any) -> exp.Expression:
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Slice):
        return _call("arraySlice", node.this, node.expressions[0].this or exp.Literal.number(1), node.expressions[0].expression)
    return node  # type: ignore[no-any-return]


def _cast(node: Any) -> exp.Expression:
    """The number of a keyed hash from its hexadecimal digits; doubles that may not be numbers."""
    of = _bare(node.this)
    if node.to.this == exp.DType.UINT128 and isinstance(of, exp.DPipe) and of.this.name == "0x":
        return _call("reinterpretAsUInt128", _call("reverse", _call("unhex", of.expression)))
    return node  # type: ignore[no-any-return]


def _tried(node: Any) -> exp.Expression:
    return _call("toFloat64OrNull", _call("toString", node.this)) if node.to.this == exp.DType.DOUBLE else node


def _compared(node: Any) -> exp.Expression:
    """`a - b > interval` is `a > b + interval`: the difference of two moments is no interval to ClickHouse."""
    of, span = _bare(node.this), _bare(node.expression)
    is_span = isinstance(span, (exp.Interval, exp.ToDays)) or (isinstance(span, exp.Anonymous) and span.name in _INTERVALS.values())
    return type(node)(this=of.this, expression=exp.Add(this=of.expression, expression=span)) if is_span and isinstance(of, exp.Sub) else node  # type: ignore[no-any-return]


def _least(node: Any) -> exp.Expression:
    """`min(x, n)`: the n least ones, in order."""
    if node.args.get("count") is None:
        return node  # type: ignore[no-any-return]
    return _call("arraySlice", _call("arraySort", _call("groupArray", node.this)), exp.Literal.number(1), node.args["count"])


def _number(node: Any) -> exp.Expression:
    """NULL where there is no such number."""
    return _call("if", _call("isNaN", node.copy()), exp.null(), node.copy())


def _json(node: Any) -> exp.Expression:
    path = node.expression
    if isinstance(path, (exp.Literal, exp.JSONPath)):
        text = path.this if isinstance(path, exp.Literal) else path.sql(dialect="duckdb").strip("'")
        path = exp.Literal.string("$" + text.replace("/", ".") if text.startswith("/") else text)
    else:
        path = _call("concat", exp.Literal.string("$"), _call("replaceAll", path, exp.Literal.string("/"), exp.Literal.string(".")))
    # Of a value that may be NULL it answers '' where there is none, of one that may not be NULL it answers NULL.
    return _call("JSON_VALUE", _call("ifNull", node.this, exp.Literal.string("{}")), path)


def _called(node: Any) -> exp.Expression:
    name = str(node.this).lower()
    if name in _RENAMED:
        return _call(_RENAMED[name], *node.expressions)
    if name == "timezone":
        zone, moment = node.expressions
        return moment if zone.name == "UTC" else _call("addSeconds", moment, _call("timeZoneOffset", _call("toTimeZone", moment.copy(), zone)))
    return node  # type: ignore[no-any-return]


_CHANGES: Final[dict[str, Callable[[Any], exp.Expression]]] = {
    "LogicalOr": lambda node: _call("max", node.this), "LogicalAnd": lambda node: _call("min", node.this),
    "ToDays": lambda node: _call("toIntervalDay", node.this), "IntDiv": lambda node: _call("intDiv", node.this, node.expression),
    "TimeToUnix": _seconds, "GroupConcat": _joined, "ArrayAgg": lambda node: _collected(node.this), "Filter": _filtered, "Bracket": _sliced,
    "PercentileCont": lambda node: _quantile(node.expression.sql(), node.this), "Median": lambda node: _quantile("0.5", node.this),
    "PercentileDisc": lambda node: _call(f"quantileExactLow({node.expression.sql()})", node.this), "Length": lambda node: _call("length", node.this),
    "RegexpExtract": lambda node: _call("regexpExtract", node.this, node.expression, node.args.get("group") or exp.Literal.number(0)),
    "Cast": _cast, "TryCast": _tried, "GT": _compared, "GTE": _compared, "LT": _compared, "LTE": _compared, "Anonymous": _called, "JSONExtractScalar": _json,
    "JSONExtract": _json, "Min": _least, "JSONKeys": lambda node: _call("JSONExtractKeys", _call("ifNull", node.this, exp.Literal.string("{}"))), "Stddev": _number, "StddevSamp": _number, "Variance": _number,
}


def _name_columns(select: exp.Select, columns: Mapping[str, Sequence[str]]) -> None:
    """`t.a` is called `t.a` outside where two tables have an `a`, unless it is said that it is `a`; the same for what `t.*` is."""
    begin = select.args.get("from_")
    sources = [*([begin.this] if begin else []), *(join.this for join in select.args.get("joins") or [])]
    tables = {source.alias_or_name: source.name for source in sources if isinstance(source, exp.Table)}
    found: list[Any] = []
    for each in select.expressions:
        if isinstance(each, exp.Star) and len(sources) == 1 and sources[0].name in columns and not each.args.get("except_"):
            found += [exp.column(name) for name in columns[sources[0].name]]
        elif not isinstance(each, exp.Column) or not each.table:
            found.append(each)
        elif not isinstance(each.this, exp.Star):
            found.append(exp.alias_(each, each.name))
        elif each.this.args.get("except_") or tables.get(each.table) not in columns:
            found.append(each)
        else:
            found += [exp.alias_(exp.column(name, table=each.table), name) for name in columns[tables[each.table]]]
    select.set("expressions", found)
