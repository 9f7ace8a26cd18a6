"""Requests that lead further where neither a page nor the description gives one that works: what exists, in which order, with which values."""

from __future__ import annotations

from typing import Any, Final

_MAIL: Final = '<mjml><mj-body><mj-section><mj-column><mj-text>Hello <a href="{{ unsubscribe_url }}">leave</a></mj-text></mj-column></mj-section></mj-body></mjml>'
_RULE: Final = {"all": [{"trait": "plan", "op": "eq", "value": "x"}]}
_JOURNEY: Final = {
    "entry": {"event": {"name": "Product Added"}}, "start": "mail", "steps": {"mail": {"type": "message", "template_id": "$T", "next": "end"}, "end": {"type": "exit", "reason": "done"}},
}

#: "METHOD template" -> body (None: none; a text: a file) in the order in which they are asked; what begins with $ is filled with what is known.
REQUESTS: Final[list[tuple[str, Any]]] = [
    ("POST /api/v1/customers", {"identities": ["user:one", "email:one@shop.example"], "traits": {"plan": "x", "email": "one@shop.example"}}),
    ("POST /api/v1/customers", {"identities": ["user:two"], "traits": {"plan": "x", "email": "two@shop.example"}}),
    ("POST /api/v1/customers", {"identities": ["user:three", "ext:crm:3"], "traits": {"plan": "y"}}),
    ("PUT /api/v1/purposes/{purpose}", {
        "basis": "opt_in", "legal_basis": "consent", "channels": ["email", "sms"], "title": {"en": "News"}, "wording": {"en": "We may write to you"},
    }),
    ("POST /api/v1/consents/grants", {"identity": "user:one", "purpose": "marketing", "channel": "email", "source": "test"}),
    ("POST /api/v1/consents/withdrawals", {"identity": "user:two", "purpose": "marketing", "channel": "email", "source": "test"}),
    ("POST /api/v1/consents/stops", {"identity": "user:two", "channel": "email", "source": "test"}),
    ("POST /api/v1/consents/stops/lift", {"identity": "user:two", "channel": "email", "source": "test"}),
    ("POST /api/v1/keys", {"name": "reader", "scopes": ["customers:read"]}),
    ("POST /api/v1/sources", {"name": "shop"}),
    ("POST /api/v1/segments", {"name": "Plan x", "rule": _RULE}),
    ("POST /api/v1/segments", {"name": "By hand", "kind": "list"}),
    ("POST /api/v1/segments/preview", {"rule": _RULE}),
    ("PUT /api/v1/segments/{segment_id}", {"name": "Plan x", "rule": _RULE}),
    ("POST /api/v1/segments/{segment_id}/members", {"add": ["$customer_id"]}),
    ("POST /api/v1/templates", {"name": "Spring", "fallback": ["en"], "locales": {"en": {"subject": "Hello", "body": _MAIL}}}),
    ("PUT /api/v1/templates/{template_id}", {"name": "Spring", "fallback": ["en"], "locales": {"en": {"subject": "Hello", "body": _MAIL}}}),
    ("POST /api/v1/templates/{template_id}/preview", {"data": {"name": "Ann"}, "locale": "en"}),
    ("POST /api/v1/campaigns", {"name": "Spring", "template_id": "$T", "segment_id": "$S", "from_address": "hello@shop.example"}),
    ("POST /api/v1/campaigns/{campaign_id}/estimate", None),
    ("POST /api/v1/campaigns/{campaign_id}/check", None),
    ("POST /api/v1/campaigns/{campaign_id}/launch", {}),
    ("POST /api/v1/campaigns/{campaign_id}/pause", None),
    ("POST /api/v1/campaigns/{campaign_id}/resume", None),
    ("POST /api/v1/experiments", {
        "name": "Subject", "campaign_id": "$C", "metric": "click", "test_percent": 20, "smallest_effect": 0.02,
        "arms": [{"name": "a", "template_id": "$T"}, {"name": "b", "template_id": "$T"}],
    }),
    ("POST /api/v1/messages", {"template_id": "$T", "identity": "user:one", "purpose": "service"}),
    ("POST /api/v1/journeys", {"name": "Basket", "definition": _JOURNEY}),
    ("PUT /api/v1/journeys/{journey_id}", {"name": "Basket", "definition": _JOURNEY}),
    ("POST /api/v1/journeys/{journey_id}/publish", None),
    ("POST /api/v1/journeys/{journey_id}/people", {"customer_id": "$customer_id"}),
    ("POST /api/v1/journeys/{journey_id}/backtests", {"since": "2026-08-01T00:00:00Z"}),
    ("POST /api/v1/journeys/{journey_id}/pause", None),
    ("POST /api/v1/journeys/{journey_id}/resume", None),
    ("PUT /api/v1/content-blocks/{name}", {"locales": {"en": "Peyvand, Yazd"}}),
    ("PUT /api/v1/feeds/{name}", {"items": [{"name": "Tent", "url": "https://shop.example/tent"}]}),
    ("POST /api/v1/site-messages", {"name": "Free", "placement": "basket", "locales": {"en": {"title": "Free"}}}),
    ("POST /api/v1/costs", {"channel": "email", "amount_minor": 100, "currency": "EUR", "booked_on": "2026-03-01"}),
    ("POST /api/v1/spendings", {"customer_id": "$customer_id", "amount_minor": 100, "currency": "EUR", "first_day": "2026-01-01", "last_day": "2026-01-31"}),
    ("POST /api/v1/queries", {"sql": "SELECT 1 AS one"}),
    ("POST /api/v1/opportunities", {"title": "Deal", "currency": "EUR", "expected_close": "2027-01-31", "customer_id": "$customer_id"}),
    ("POST /api/v1/auctions", {"title": "Lamp", "currency": "EUR", "start_minor": 100, "increment_minor": 10, "closes_at": "2027-12-01T00:00:00Z"}),
    ("POST /api/v1/auctions/{auction_id}/bids", {"customer_id": "$customer_id", "amount_minor": 500}),
    ("PUT /api/v1/calendars/{calendar_id}", {"name": "Office", "time_zone": "Asia/Tehran", "hours": {"mon": [["08:00", "16:00"]]}}),
    ("POST /api/v1/merges/preview", {"survivor_id": "$customer_id", "merged_id": "$customer_id"}),
    ("POST /api/v1/merges", {"survivor_id": "$customer_id", "merged_id": "$customer_id"}),
    ("POST /api/v1/imports/file", "user_id,email\nf1,f1@list.example\n"),
]
#: Written with a source's key.
COLLECTED: Final[list[tuple[str, dict[str, Any]]]] = [
    (f"POST /v1/{kind}", {"userId": "one", "event": "Product Added", "groupId": "g", "previousId": "zero", "traits": {"plan": "x"}})
    for kind in ("identify", "track", "page", "screen", "group", "alias")
] + [("POST /v1/batch", {"batch": [{"type": "track", "userId": "one", "event": "Seen"}, {"type": "track", "event": "Nobody", "userId": "one", "properties": {"n": 2**60}}]})]
