"""Assessments with their trend, staff, and attributes that no decision uses."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from chassis.errors import Unavailable
from services.analytics import errors
from services.analytics.domain import assessments, calendars, computing, metrics, parsing, rules
from services.analytics.queries import measuring
from services.analytics.settings import AnalyticsService
from services.analytics.store import computing as traits
from services.analytics.store import definitions, evaluating, models, reports, strategy

#: Groups of fewer customers are not shown.
FEW: Final = 5
DAYS_AFTER: Final = 30
#: A customer's trait in a template.
_OF_CUSTOMER: Final = re.compile(r"customer(?:\.traits)?\.(\w+)")


def list_kinds() -> list[dict[str, Any]]:
    """Every questionnaire with its items."""
    return [{"kind": name, "about": kind.about, "items": kind.items, "of_subject": kind.of_subject} for name, kind in assessments.KINDS.items()]


async def get_history(service: AnalyticsService, *, kind: str, subject: str, limit: int) -> dict[str, Any]:
    """Assessments by day, each with the change since the one before, and the slope of every number. Raises Unknown."""
    if kind not in assessments.KINDS:
        raise errors.unknown_assessment(sorted(assessments.KINDS))
    async with service.read() as db:
        found = await strategy.assessments(db, kind=kind, subject=subject, limit=limit)
    data = []
    for number, one in enumerate(found):
        before = found[number - 1] if number else None
        data.append(
            one | {
                "change": assessments.changes(one["result"], before["result"] if before else None),
                "item_change": assessments.changes(one["answers"], before["answers"] if before else None),
            }
        )
    numbers = [name for name, value in (found[-1]["result"] if found else {}).items() if isinstance(value, int | float) and not isinstance(value, bool)]
    return {"kind": kind, "subject": subject, "data": data, "slope": {name: metrics.slope([one["result"].get(name) for one in found]) for name in numbers}}


async def get_go_live(service: AnalyticsService) -> dict[str, Any] | None:
    """The last mark, or None."""
    async with service.read() as db:
        found = await strategy.assessments(db, kind="go_live", subject="", limit=1)
    return found[-1] if found else None


async def get_staff(service: AnalyticsService, *, first: str | None, last: str | None, by: str) -> dict[str, Any]:
    """What employees or teams did for customers; groups of fewer than five customers are counted, not shown."""
    now, zone = service.clock.now(), service.settings.time_zone
    start, end = measuring.read_window("quarter_days", first, last, "gregorian", calendars.today(now, zone))
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    found = await service.resources.read(
        lambda connection: strategy.staff(
            connection, since=calendars.midnight(start, zone), until=calendars.midnight(end, zone), currency=currency, days=DAYS_AFTER, by=by
        )
    )
    shown = [one for one in found if one["customers"] >= FEW]
    return {
        "first": start, "to": end, "by": by, "currency": currency, "days_after": DAYS_AFTER, "data": shown, "hidden": len(found) - len(shown), "as_of": now,
    }


async def get_unused(service: AnalyticsService, *, days: int) -> dict[str, Any]:
    """Traits and properties that are collected and that no active segment, computed trait, model, report or template uses."""
    now = service.clock.now()
    async with service.read() as db:
        known, computed = await definitions.active_segments(db), await traits.active_traits(db)
        fits, asked = await models.models_in_use(db), await reports.list_reports(db)
    texts = await _templates(service)
    used: set[tuple[str, str]] = set()
    for one in known:
        used |= _names(parsing.parse_rule(one["rule"]))
    for trait in computed:
        match computing.parse_definition(trait["definition"]):
            case computing.Points(points):
                for node, _ in points:
                    used |= _names(node)
            case computing.EventFigure(where=where, property=of):
                used |= {("property", test.name) for test in where} | ({("property", of)} if of else set())
            case _:
                pass
    used |= {("trait", name) for fit in fits for name in _learnt_from(fit["options"])}
    words = set(re.findall(r"\w+", " ".join(question["sql"] or "" for one in asked for question in one["questions"])))
    used |= {(kind, word) for word in words for kind in ("trait", "property")}
    used |= {("trait", name) for text in texts or [] for name in _OF_CUSTOMER.findall(text)}
    roots = {(kind, name.split(".")[0]) for kind, name in used}
    found = await service.resources.read(lambda connection: strategy.collected(connection, since=now - timedelta(days=days)))
    listed = [{"kind": kind, "name": name, "bearers": count, "used": (kind, name) in roots} for kind, name, count in found]
    looked_at = ["segments", "computed_traits", "models", "reports", *(["templates"] if texts is not None else [])]
    return {"days": days, "as_of": now, "looked_at": looked_at, "collected": len(listed), "used": sum(one["used"] for one in listed), "data": [one for one in listed if not one["used"]]}


async def _templates(service: AnalyticsService) -> list[str] | None:
    """The sources of every template; None while nobody answers."""
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        path = f"/api/v1/templates?limit=200{f'&page_token={quote(token)}' if token else ''}"
        try:
            answer = await service.peers["campaign"].call("GET", path, scopes=["campaigns:read"])
        except Unavailable:
            return None
        if answer.status != 200:
            return None
        page = answer.json()
        found += [text for one in page["data"] for locale in one["locales"].values() for text in locale.values()]
        token = page["next_page_token"]
    return found


def _learnt_from(options: dict[str, Any]) -> set[str]:
    """The traits a model learns from or tells: named attributes are `trait:NAME` or figures of our own; outcomes and groups are traits by name."""
    found = {name.removeprefix("trait:") for name in options.get("attributes") or () if name.startswith("trait:")}
    found |= {condition["trait"] for name in ("outcome", "treatment", "event") if (condition := options.get(name))}
    return found | {options[name] for name in ("duration", "group") if options.get(name)}


def _names(node: rules.Node) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for _, leaf in rules.walk(node):
        match leaf:
            case rules.Trait(test):
                found.add(("trait", test.name))
            case rules.Calendar(of=of):
                found.add(("trait", of))
            case rules.Event(where=where, property=of):
                found |= {("property", test.name) for test in where} | ({("property", of)} if of else set())
            case rules.Sequence(steps=steps):
                found |= {("property", test.name) for step in steps for test in step.where}
            case _:
                pass
    return found
