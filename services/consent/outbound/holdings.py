"""Asks every service what it holds of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.errors import Unavailable
from chassis.identity import Caller
from chassis.peers import Answer
from services.consent.settings import ConsentService

SCOPES: Final = frozenset({"privacy:manage", "customers:read", "customers:sensitive"})
SECONDS: Final = 20.0
ROWS: Final = 1000


class Family(NamedTuple):
    """All customers that are one person, the one that answers for all first, and the keyed hashes (hex) of their identities."""

    root: UUID
    customers: list[str]
    identities: list[str]


class Held(NamedTuple):
    """A table of a service that holds data of people."""

    service: str
    table: str
    category: str
    origin: str


async def family(service: ConsentService, *, customer_id: UUID) -> Family:
    """Raises Unavailable."""
    found = _read("customer", await _ask(service, "customer", "GET", f"/internal/family/{customer_id}"))
    return Family(UUID(found["root"]), found["customers"], found["identities"])


async def tables(service: ConsentService, *, name: str) -> list[Held]:
    """What a service holds of people, table by table. Raises Unavailable."""
    found = _read(name, await _ask(service, name, "GET", "/internal/person/holdings"))
    return [Held(name, one["table"], one["category"], one["origin"]) for one in found["data"]]


async def rows(service: ConsentService, *, name: str, person: Family) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every row a service holds of a person, table by table. Raises Unavailable."""
    token: str | None = None
    while True:
        body = {"customers": person.customers, "identities": person.identities, "page_token": token, "limit": ROWS}
        found = _read(name, await _ask(service, name, "POST", "/internal/person", json=body))
        for table, row in found["data"]:
            yield table, row
        token = found["next_page_token"]
        if token is None:
            return


async def portable(service: ConsentService, *, customer_id: UUID) -> bytes | None:
    """The person as a file that another installation takes over; None when the customer service knows nobody under the id. Raises Unavailable."""
    answer = await _ask(service, "customer", "GET", f"/api/v1/customers/{customer_id}/portable")
    if answer.status in {404, 410}:
        return None
    _read("customer", answer)
    return answer.body


async def _ask(service: ConsentService, name: str, method: str, path: str, **more: Any) -> Answer:
    token = service.tokens.mint(name, Caller(subject=service.name, kind="service", scopes=SCOPES))
    return await service.peers[name].call(method, path, token=token, timeout=SECONDS, **more)


def _read(name: str, answer: Answer) -> Any:
    if answer.status < 300:
        return answer.json()
    raise Unavailable("peer.unavailable", f"The {name} service does not answer.", detail=f"status {answer.status}")


async def kept(service: ConsentService, *, name: str) -> list[tuple[str, str]]:
    """(category, table) of what rules of retention can end in a service. Raises Unavailable."""
    found = _read(name, await _ask(service, name, "GET", "/internal/person/kept"))
    return [(one["category"], one["table"]) for one in found["data"]]


async def sweep(service: ConsentService, *, name: str, category: str, before: datetime, dry_run: bool) -> tuple[dict[str, int], bool]:
    """Rows by table that a service has ended (or, in a dry run, would end), and whether there are more. Raises Unavailable."""
    body = {"category": category, "before": before.isoformat(), "dry_run": dry_run}
    found = _read(name, await _ask(service, name, "POST", "/internal/person/sweep", json=body))
    return found["tables"], found["more"]
