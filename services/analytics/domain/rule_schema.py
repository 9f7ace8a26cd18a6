"""The grammar of rules as JSON Schema (2020-12), answered at `GET /schemas/segment`; `parsing.py` is what decides."""

from __future__ import annotations

from typing import Any, Final

from services.analytics.domain import rules

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 500}
_MOMENT: Final = {"type": "string", "description": "2026-01-31, 2026-01-31T12:00:00Z, or -30d: days before the evaluation"}
_SCALAR: Final = {"type": ["string", "number", "boolean"]}
_DAYS: Final = {"type": "integer", "minimum": 1, "maximum": rules.MAX_DAYS}
_WINDOW: Final = {"within_days": _DAYS, "from": _MOMENT, "to": _MOMENT}
_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": 1_000_000}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _comparison(named: str) -> dict[str, Any]:
    return _object({named: _TEXT, "op": {"enum": list(rules.VALUE_OPS)}, "value": {"anyOf": [
        _SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": 1000}, {"type": "null"}]}}, [named])


def segment_schema() -> dict[str, Any]:
    """The schema of a segment's rule."""
    rule = {"$ref": "#/$defs/rule"}
    parts = {"type": "array", "items": rule, "minItems": 1}
    number = {"enum": list(rules.COMPARISONS)}
    count = _object({"op": number, "value": _COUNT}, ["value"])
    where = {"type": "array", "items": _comparison("property"), "maxItems": 20}
    figure = _object({"property": _TEXT, "op": number, "value": {"type": "number"}}, ["property", "value"])
    event = _object(
        {
            "event": _TEXT | {"description": "name of the event; * for any"}, "kind": _TEXT, "never": {"type": "boolean"},
            "count": {"anyOf": [_COUNT, count]}, **dict.fromkeys(rules.EVENT_MEASURES, figure), "where": where, **_WINDOW,
        },
        ["event"],
    )
    orders = _object(
        {
            "measure": {"enum": list(rules.MEASURES)}, "op": {"enum": [*rules.COMPARISONS, "before", "after"]},
            "value": {"anyOf": [{"type": "number", "description": "money in minor units"}, _MOMENT]}, "product": _TEXT, "category": _TEXT, **_WINDOW,
        },
        ["value"],
    )
    score = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "string", "pattern": "^[1-5]{3}$"}]}
    rfm = _object(
        {
            "part": {"enum": list(rules.RFM_PARTS)}, "op": {"enum": [*rules.COMPARISONS, "in"]},
            "value": {"anyOf": [score, {"type": "array", "items": score, "minItems": 1, "maxItems": 125}]},
        },
        ["part", "value"],
    )
    consent = _object({"purpose": _TEXT, "channel": _TEXT, "state": {"enum": list(rules.CONSENT_STATES)}}, ["purpose"])
    stage = {"enum": list(rules.STAGES)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule of a segment",
        "description": f"At most {rules.MAX_NODES} nodes, {rules.MAX_DEPTH} deep, cost {rules.MAX_COST} "
        "(event 5, orders 3, segment 2, others 1; referenced segments count with their own rule).",
        "$ref": "#/$defs/rule",
        "$defs": {
            "rule": {
                "oneOf": [
                    _object({"all": parts}, ["all"]),
                    _object({"any": parts}, ["any"]),
                    _object({"not": rule}, ["not"]),
                    _comparison("trait"),
                    event,
                    _object({"orders": orders}, ["orders"]),
                    _object({"rfm": rfm}, ["rfm"]),
                    _object({"consent": consent}, ["consent"]),
                    _object({"segment": {"type": "string", "format": "uuid"}}, ["segment"]),
                    *_patterns(where),
                    _object({"stage": {"anyOf": [stage, {"type": "array", "items": stage, "minItems": 1}]}}, ["stage"]),
                ]
            }
        },
    }


def _patterns(where: dict[str, Any]) -> list[dict[str, Any]]:
    """Sequences, calendars, cohorts, computed traits, scores, messages and lists."""
    step = _object({"event": _TEXT, "kind": _TEXT, "where": where, "within_days": _DAYS, "absent": {"type": "boolean"}}, ["event"])
    sequence = _object({"steps": {"type": "array", "items": step, "minItems": 2, "maxItems": rules.MAX_STEPS}, **_WINDOW}, ["steps"])

    def numbers(least: int, most: int, *others: dict[str, Any]) -> dict[str, Any]:
        one = {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, *others]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": 31}]}

    calendars = {"enum": ["jalali", "gregorian"]}
    calendar = _object(
        {
            "of": _TEXT | {"description": "registered_at, first_order, last_order, or a trait with a date"}, "calendar": calendars,
            "year": numbers(1200, 2200), "month": numbers(1, 12, _TEXT), "day": numbers(1, 31),
            "nowruz": {"type": "boolean", "description": "1 to 13 Farvardin"},
        },
        ["of"],
    )
    cohort = _object(
        {"of": {"enum": ["first_order", "registered_at"]}, "calendar": calendars, "month": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{1,2}$"}}, ["month"]
    )
    message = _object(
        {
            "outcome": {"enum": list(rules.MESSAGE_OUTCOMES)}, "origin": _TEXT | {"description": "id of a campaign or journey"}, "channel": _TEXT,
            "count": _COUNT, "never": {"type": "boolean"}, **_WINDOW,
        },
        [],
    )
    return [
        _object({"sequence": sequence}, ["sequence"]), _object({"calendar": calendar}, ["calendar"]), _object({"cohort": cohort}, ["cohort"]),
        _object({"computed": _comparison("name")}, ["computed"]), _object({"score": _comparison("name")}, ["score"]),
        _object({"message": message}, ["message"]), _object({"listed": {"type": "string", "format": "uuid"}}, ["listed"]),
    ]
