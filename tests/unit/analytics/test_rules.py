"""Rules: what is accepted, what is refused and where, and that the published schema says the same."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest

from services.analytics.domain import parsing, rule_schema, rules

GOOD: list[dict[str, Any]] = [
    {"trait": "city", "op": "eq", "value": "تهران"},
    {"trait": "age", "op": "gte", "value": 30},
    {"trait": "email", "op": "exists"},
    {"trait": "registered_at", "op": "before", "value": "-30d"},
    {"event": "Product Viewed", "count": {"op": "gte", "value": 3}, "within_days": 30},
    {"event": "*", "kind": "page", "never": True, "from": "2026-01-01", "to": "-1d"},
    {"event": "Added", "count": 2, "where": [{"property": "category", "op": "in", "value": ["Books", 7]}]},
    {"orders": {"measure": "sum", "op": "gt", "value": 10000, "within_days": 365}},
    {"orders": {"measure": "last", "op": "before", "value": "-90d"}},
    {"orders": {"value": 1, "category": "Books"}},
    {"rfm": {"part": "rfm", "op": "in", "value": ["555", "554"]}},
    {"rfm": {"part": "r", "op": "gte", "value": 4}},
    {"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}},
    {"stage": ["acquire", "retain"]},
    {"event": "Added", "sum": {"property": "price", "op": "gt", "value": 9.5}, "within_days": 30},
    {"event": "Added", "distinct": {"property": "sku", "value": 3}},
    {"sequence": {"steps": [{"event": "Added"}, {"event": "Ordered", "within_days": 3, "absent": True}], "within_days": 30}},
    {"sequence": {"steps": [{"event": "A", "kind": "page"}, {"event": "B", "where": [{"property": "p", "op": "exists"}]}, {"event": "C"}]}},
    {"calendar": {"of": "registered_at", "month": "Farvardin"}},
    {"calendar": {"of": "birthday", "nowruz": True}},
    {"calendar": {"of": "first_order", "calendar": "gregorian", "year": 2026, "month": [1, 2], "day": 1}},
    {"cohort": {"month": "1405-01", "calendar": "jalali"}},
    {"computed": {"name": "visits", "op": "gte", "value": 3}},
    {"score": {"name": "churn", "op": "gt", "value": 0.5}},
    {"message": {"outcome": "clicked", "origin": "spring", "never": True, "within_days": 30}},
    {"listed": str(uuid4())},
    {"segment": str(uuid4())},
    {"all": [{"any": [{"stage": "retain"}, {"not": {"trait": "known", "op": "eq", "value": True}}]}]},
]

BAD: list[tuple[Any, str]] = [
    ([], ""),
    ({}, ""),
    ({"all": []}, "/all"),
    ({"all": [{"trait": "a", "op": "like", "value": "b"}]}, "/all/0/op"),
    ({"trait": "a", "stage": "retain"}, ""),
    ({"trait": "email", "op": "eq", "value": "a@b.c"}, "/op"),
    ({"trait": "a", "op": "gt", "value": "x"}, "/value"),
    ({"trait": "a", "op": "in", "value": []}, "/value"),
    ({"trait": "a", "op": "eq", "value": {"x": 1}}, "/value"),
    ({"trait": "a"}, ""),
    ({"event": ""}, "/event"),
    ({"event": "a", "within_days": 0}, "/within_days"),
    ({"event": "a", "within_days": 3, "from": "2026-01-01"}, "/within_days"),
    ({"event": "a", "from": "yesterday"}, "/from"),
    ({"event": "a", "count": -1}, "/count/value"),
    ({"event": "a", "never": True, "count": 1}, "/count"),
    ({"event": "a", "where": [{"property": "p", "op": "eq", "value": 1, "extra/key": 2}]}, "/where/0/extra~1key"),
    ({"orders": {"measure": "median", "value": 1}}, "/orders/measure"),
    ({"orders": {"measure": "last", "op": "gt", "value": 1}}, "/orders/op"),
    ({"orders": {"value": "many"}}, "/orders/value"),
    ({"rfm": {"part": "r", "value": 6}}, "/rfm/value"),
    ({"consent": {"purpose": "m", "state": "maybe"}}, "/consent/state"),
    ({"segment": "x"}, "/segment"),
    ({"stage": "won"}, "/stage"),
    ({"event": "a", "sum": {"property": "p"}}, "/sum/value"),
    ({"event": "a", "sum": {"property": "p", "value": 1}, "count": 1}, "/sum"),
    ({"sequence": {"steps": [{"event": "a"}]}}, "/sequence/steps"),
    ({"sequence": {"steps": [{"event": "a", "absent": True}, {"event": "b"}]}}, "/sequence/steps/0/absent"),
    ({"sequence": {"steps": [{"event": "a"}, {"event": "b", "absent": True}]}}, "/sequence/steps/1/within_days"),
    ({"calendar": {"of": "registered_at"}}, "/calendar"),
    ({"calendar": {"of": "registered_at", "month": "Ventose"}}, "/calendar/month"),
    ({"calendar": {"of": "registered_at", "nowruz": True, "month": 1}}, "/calendar/nowruz"),
    ({"cohort": {"month": "spring"}}, "/cohort/month"),
    ({"computed": {"name": "x", "op": "gt", "value": "y"}}, "/computed/value"),
    ({"message": {"outcome": "lost"}}, "/message/outcome"),
    ({"listed": "mine"}, "/listed"),
    ({"trait": "a\x00b", "op": "exists"}, "/trait"),
    ({"trait": "a", "op": "eq", "value": 1, "sql": "1=1"}, "/sql"),
]


@pytest.mark.parametrize("rule", GOOD)
def test_good_rules_are_read_and_match_the_published_schema(rule: dict[str, Any]) -> None:
    assert parsing.parse_rule(rule) is not None
    assert jsonschema_rs.is_valid(rule_schema.segment_schema(), rule)


@pytest.mark.parametrize(("rule", "pointer"), BAD)
def test_bad_rules_are_refused_with_the_place(rule: Any, pointer: str) -> None:
    with pytest.raises(rules.RuleError) as refused:
        parsing.parse_rule(rule)
    assert refused.value.pointer == pointer
    assert refused.value.message


def test_depth_nodes_and_cost_are_limited() -> None:
    deep: dict[str, Any] = {"stage": "retain"}
    for _ in range(rules.MAX_DEPTH):
        deep = {"not": deep}
    with pytest.raises(rules.RuleError, match="deep"):
        parsing.parse_rule(deep)
    with pytest.raises(rules.RuleError, match="nodes"):
        parsing.parse_rule({"all": [{"stage": "retain"}] * rules.MAX_NODES})
    costly = parsing.parse_rule({"all": [{"event": "a"}] * 41})
    with pytest.raises(rules.RuleError, match="limit"):
        rules.expand(costly, {})


def test_segments_are_expanded_and_circles_refused() -> None:
    one, two = str(uuid4()), str(uuid4())
    others = {one: parsing.parse_rule({"segment": two}), two: parsing.parse_rule({"stage": "retain"})}
    assert rules.expand(parsing.parse_rule({"not": {"segment": one}}), others) == rules.Not(rules.Stage(("retain",)))
    others[two] = parsing.parse_rule({"any": [{"segment": one}]})
    with pytest.raises(rules.RuleError, match="circle"):
        rules.expand(others[one], others, own=one)
    with pytest.raises(rules.RuleError, match="no such segment") as refused:
        rules.expand(parsing.parse_rule({"all": [{"segment": str(uuid4())}]}), others)
    assert refused.value.pointer == "/all/0/segment"
