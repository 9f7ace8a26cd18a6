"""A contact centre for tests: teams, employees, contacts, and waiting until routing has done its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chassis.peers import Answer
from tests.support.platform import TestPlatform, TestService

READ, WRITE = ["interactions:read"], ["interactions:write"]


async def made(service: TestService, path: str, body: dict[str, Any], *, status: int = 201) -> dict[str, Any]:
    """The body of the answer to a POST that must succeed."""
    answer = await service.call("POST", f"/api/v1/{path}", json=body, scopes=WRITE)
    assert answer.status == status, answer.json()
    found: dict[str, Any] = answer.json()
    return found


async def got(service: TestService, path: str) -> Any:
    answer = await service.call("GET", f"/api/v1/{path}", scopes=READ)
    assert answer.status == 200, answer.json()
    return answer.json()


async def changed(service: TestService, path: str, body: dict[str, Any], *, method: str = "PATCH") -> dict[str, Any]:
    answer = await service.call(method, f"/api/v1/{path}", json=body, scopes=WRITE)
    assert answer.status == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


async def employee(service: TestService, name: str, **given: Any) -> dict[str, Any]:
    return await made(service, "employees", {"name": name, "email": f"{name.lower()}@company.example", **given})


async def team(service: TestService, name: str, **given: Any) -> dict[str, Any]:
    return await made(service, "teams", {"name": name, **given})


async def contact(platform: TestPlatform, kind: str, customer: str = "user:anna", **fields: Any) -> str:
    """A touch point begun by a customer unless said otherwise; its id."""
    body = {"kind": kind, "customer": customer, "initiator": "customer", **fields}
    answer = await platform["interaction"].call("POST", "/api/v1/interactions", json=body, scopes=WRITE)
    assert answer.status == 202, answer.json()
    return str(answer.json()["id"])


async def until(ask: Callable[[], Awaitable[Any]], *, seconds: float = 15) -> Any:
    """What `ask` answers as soon as it is true."""
    async with asyncio.timeout(seconds):
        while not (found := await ask()):
            await asyncio.sleep(0.05)
    return found


async def case_of(service: TestService, interaction_id: str, *, assigned: bool = True) -> dict[str, Any]:
    """The case that a contact belongs to, as soon as it has one and, if asked for, somebody responsible."""

    async def ask() -> dict[str, Any] | None:
        case_id = await service.service.database.fetch_value("SELECT case_id FROM case_contact WHERE interaction_id = $1::text::uuid", interaction_id)
        found: dict[str, Any] | None = await got(service, f"cases/{case_id}") if case_id else None
        return found if found and (not assigned or found["employee_id"]) else None

    found: dict[str, Any] = await until(ask)
    return found


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]
