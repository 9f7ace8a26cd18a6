"""Why somebody was in a segment or not at a moment: its rule of then, asked of the facts before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from chassis.errors import Unavailable
from services.analytics import errors
from services.analytics.domain import computing, expanding, parsing, rules
from services.analytics.domain.computing import Definition, Points
from services.analytics.queries import segmenting
from services.analytics.settings import AnalyticsService
from services.analytics.store import computing as computing_store
from services.analytics.store import definitions, evaluating, memberships, models
from services.analytics.store.recalling import Then, put_back

#: Transitions of one customer's scores that are looked through.
_MOVES: Final = 10_000
#: How long a neighbour is waited for.
SECONDS: Final = 10.0


async def explain_then(service: AnalyticsService, *, segment_id: UUID, customer_id: UUID, at: datetime) -> dict[str, Any]:
    """Each clause as it was. `as_now`: pointers of clauses whose data is not to be had: they stand as today. Raises Unknown, Invalid.

    Facts by their own time, traits as the customer service recorded them, consent by its ledger, scores by their dated transitions, lists by
    who came and left, computed traits as their definition of then makes them of the facts of then; other segments with their rules of then.
    """
    if at > service.clock.now():
        raise errors.bad_window("as_of is a moment of the past: what will be is not known.")
    await segmenting.get_segment(service, segment_id=segment_id)
    async with service.read() as db:
        known = await definitions.segments_then(db, at)
        versions = [one for one in await definitions.versions(db, segment_id) if one["changed_at"] <= at]
    if not versions:
        raise errors.unknown_segment()
    chosen = max(versions, key=lambda one: int(one["version"]))
    rule = expanding.expand_rule(parsing.parse_rule(chosen["rule"]), known, own=segment_id)
    currency = await evaluating.reporting_currency(service.resources, service.settings.reporting_currency)
    survivor = await service.resources.read(lambda connection: evaluating.survivor(connection, customer_id))
    if survivor is None:
        raise errors.unknown_customer()
    leaves = dict(rules.walk(rule))
    defined = await _definitions(service, at, {leaf.test.name for leaf in leaves.values() if isinstance(leaf, rules.Computed)}, known)
    beneath = [leaf for one in defined.values() if isinstance(one, Points) for node, _ in one.rules for _, leaf in rules.walk(node)]
    then = (await _then(service, survivor, at, {type(leaf) for leaf in (*leaves.values(), *beneath)}))._replace(computed=defined)
    verdict = await service.resources.read(
        lambda connection: evaluating.reasons(
            connection, customer=survivor, rule=rule, now=at, currency=currency, zone=service.settings.time_zone,
            change=partial(put_back, customer=survivor, at=at, then=then, currency=currency, zone=service.settings.time_zone),
            also=frozenset().union(*(computing_store.tables_read(one) for one in defined.values())),
        )
    )
    if verdict is None:
        raise errors.unknown_customer()
    holds, clauses = verdict
    lost = tuple(kind for kind, told in ((rules.Trait, then.traits), (rules.Consent, then.said)) if told is None)
    return {
        "segment_id": segment_id, "customer_id": survivor, "version": chosen["version"], "holds": holds, "as_of": at, "rule": chosen["rule"],
        "clauses": [clause | {"kind": type(leaves[clause["pointer"]]).__name__.lower()} for clause in clauses],
        "as_now": [pointer for pointer, leaf in leaves.items() if isinstance(leaf, lost)],
    }


async def _definitions(service: AnalyticsService, at: datetime, names: set[str], known: Sequence[dict[str, Any]]) -> dict[str, Definition]:
    """The computed traits of these names as they were defined then."""
    async with service.read() as db:
        found = await computing_store.definitions_then(db, names=sorted(names), at=at) if names else {}
    read = {name: computing.parse_definition(value) for name, value in found.items()}
    return {
        name: Points(tuple((expanding.expand_rule(node, known), worth) for node, worth in one.rules), one.least, one.most) if isinstance(one, Points) else one
        for name, one in read.items()
    }


async def _then(service: AnalyticsService, customer: UUID, at: datetime, kinds: set[type[Any]]) -> Then:
    """What the rule's kinds of clauses need to know of the moment."""
    family = await service.resources.read(lambda connection: evaluating.family(connection, customer))
    async with service.read() as db:
        moves = await models.history(db, customer, score=None, limit=_MOVES)
        lists = await memberships.listed_then(db, customers=family, at=at)
    scores: dict[str, str] = {}
    for move in moves:  # the newest first
        if move["changed_at"] <= at:
            scores.setdefault(move["score"], move["value"])
    profile = await _ask(service, "customer", f"/api/v1/customers/{customer}", "customers:read", at) if rules.Trait in kinds else None
    consent = await _ask(service, "consent", f"/api/v1/customers/{customer}/consent", "consent:read", at) if rules.Consent in kinds else None
    said = [
        (purpose["purpose"], channel, standing["state"])
        for purpose in consent.get("purposes", []) for channel, standing in purpose["channels"].items() if standing["state"] in ("granted", "withdrawn")
    ] if consent is not None else None
    traits = profile.get("traits", {}) if profile is not None else None
    return Then(traits, profile.get("language") if profile else None, {name: value for name, value in scores.items() if value}, said, lists)


async def _ask(service: AnalyticsService, peer: str, path: str, scope: str, at: datetime) -> dict[str, Any] | None:
    """What a neighbour recorded of somebody until then: nothing, where they were not known yet; None: it cannot tell."""
    try:
        answer = await service.peers[peer].call("GET", f"{path}?as_of={quote(at.isoformat())}", scopes=[scope], timeout=SECONDS)
    except (Unavailable, LookupError):
        return None
    if answer.status == 404 and answer.json().get("code") == "customer.not_yet_known":
        return {}
    return answer.json() if answer.status == 200 else None
