"""Which service owns which address. Everything that is not listed does not exist."""

from __future__ import annotations

from typing import Final, NamedTuple

#: First part under /api/v1 -> owner.
_OWNERS: Final = {
    **dict.fromkeys(("customers", "merges", "identity-rules", "identity-reviews", "duplicates", "accounts", "traits", "imports", "exports"), "customer"),
    **dict.fromkeys(
        ("sessions", "visitors", "replays", "interactions", "orders", "products", "cases", "employees", "live", "quarantine", "intake", "inbound"), "interaction"
    ),
    **dict.fromkeys(("teams", "calendars", "case-rules", "service-policies", "touchpoints"), "interaction"),
    **dict.fromkeys(("tasks", "pipelines", "leads", "opportunities", "forecast", "forms", "articles", "canned-replies"), "interaction"),
    **dict.fromkeys(("rooms", "auctions", "deputies", "inboxes", "exchanges"), "interaction"),
    **dict.fromkeys(("order-totals", "order-figures", "exchange-rates", "product-categories", "partners"), "interaction"),
    **dict.fromkeys(("retention-rules", "responses", "surveys", "notices", "notice-rules"), "interaction"),
    **dict.fromkeys(("attachments",), "interaction"),
    **dict.fromkeys(
        ("segments", "models", "metrics", "cohorts", "funnels", "paths", "clusters", "costs", "selections"), "analytics"
    ),
    **dict.fromkeys(("spendings", "computed-traits", "attributions", "warehouse", "queries", "assessments", "go-live", "attributes", "staff", "patterns", "verbs"), "analytics"),
    **dict.fromkeys(("templates", "campaigns", "journeys", "pressure", "programmes", "messages", "decisions", "suppressions", "experiments", "playbooks", "site-messages", "customisations", "lists", "content-blocks", "feeds"), "campaign"),
    **dict.fromkeys(("reports", "freshness", "relations"), "analytics"),
    **dict.fromkeys(("purposes", "consents", "privacy"), "consent"),
    **dict.fromkeys(("keys", "sources", "operations", "webhooks", "people", "roles", "me", "audit", "deployment"), "gateway"),
}

#: Third part under /api/v1/customers/{id} -> owner, where it is not the customer service.
_OF_CUSTOMER: Final = {
    "timeline": "interaction", "orders": "interaction", "cases": "interaction", "notes": "interaction", "scores": "analytics", "consent": "consent", "consents": "consent",
    "messages": "campaign", "360": "gateway", "sessions": "interaction",
    **dict.fromkeys(("credits", "partners", "products", "responses", "surveys"), "interaction"),
}
#: Third part under /api/v1/sources/{id}: the source is the gateway's, what came from it is not.
_OF_SOURCE: Final = dict.fromkeys(("plan", "events", "violations", "drops"), "interaction")

_SERVICES: Final = ("customer", "interaction", "analytics", "campaign", "consent", "gateway")

#: Doors without a key -> owner.
_OPEN: Final = {
    "/.well-known/ecrm-permit-keys.json": "consent", "/.well-known/gpc.json": "gateway", "/docs": "gateway", "/healthz": "gateway",
    "/metrics": "gateway", "/api/v1/disclosures": "consent", "/disclosures": "consent", "/api/v1/session": "gateway", "/schemas/segment": "analytics", "/schemas/journey": "campaign",
    **dict.fromkeys(("/oidc/.well-known/openid-configuration", "/oidc/jwks.json", "/oidc/token", "/oidc/sign-in", "/oidc/callback"), "gateway"),
}
#: Where the gateway's routers have the platform's own description; /openapi.json of every app is that app's alone.
DESCRIPTION: Final = "/documents/openapi.json"
_OPEN_PREFIXES: Final = (
    ("/u/", "consent"), ("/p/", "consent"), ("/c/", "consent"), ("/copy/", "consent"), ("/t/", "campaign"), ("/s/", "interaction"), ("/deputy/", "interaction"), ("/in/", "interaction"), ("/f/", "interaction"), ("/schemas/", "collector"),
)


class Route(NamedTuple):
    """Where a request goes: to `service`, at `path`, with the caller's token unless it is `open`; `first` requests are never shed last.

    A `stream` goes on until somebody leaves, so it takes no room from what ends.
    """

    service: str
    path: str
    open: bool = False
    first: bool = False
    stream: bool = False


def find_route(path: str) -> Route | None:
    """The owner of a path (without trailing slash), or None."""
    owner = _OPEN.get(path)
    if owner is not None:
        return Route(owner, path, open=True)
    if path == "/openapi.json":
        return Route("gateway", DESCRIPTION, open=True)
    if path.startswith("/api/v1/"):
        return _managed(path)
    for prefix, owner in _OPEN_PREFIXES:
        if path.startswith(prefix):
            return Route(owner, path, open=True, first=prefix in ("/u/", "/p/"))
    return None


def _managed(path: str) -> Route | None:
    parts = path.split("/")[3:]
    if parts[0] == "customers" and len(parts) >= 3:
        return Route(_OF_CUSTOMER.get(parts[2], "customer"), path)
    if parts[0] == "sources" and len(parts) >= 3:
        return Route(_OF_SOURCE.get(parts[2], "gateway"), path)
    if parts[0] == "dead-letters":
        if len(parts) == 1:
            return Route("interaction", path)
        if parts[1] not in _SERVICES:
            return None
        return Route(parts[1], "/".join(["/internal/dead-letters", *parts[2:]]))
    owner = _OWNERS.get(parts[0])
    if owner is None:
        return None
    first = path in ("/api/v1/consents/withdrawals", "/api/v1/consents/stops") or parts[0] == "privacy"
    return Route(owner, path, first=first, stream=path == "/api/v1/live")
