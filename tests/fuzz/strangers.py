"""Who may not, learns nothing: every operation asked with keys, roles and ids that open nothing. What exists answers as what does not."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from gateway import commands
from gateway.domain import roles
from tests.fuzz.surface import Operation, Pool
from tests.integration.gateway.test_people import person
from tests.integration.gateway.visiting import Visitor
from tests.support.platform import TestPlatform

#: Anybody with a key may ask who it is, what was begun with it and which roles there are.
OWN: Final = {"GET /api/v1/me", "GET /api/v1/session", "POST /api/v1/me/password", "GET /api/v1/roles", "GET /api/v1/operations", "GET /api/v1/operations/{operation_id}"}
#: A public list.
SHOWN: Final = {"GET /api/v1/disclosures"}
#: Refused to whoever may see that it is there, but not all that is in it: files cannot be shown in part.
IN_PART: Final = "fields.hidden"
ABSENT: Final = str(UUID(int=7, version=4))


async def visitors(platform: TestPlatform, admin: Visitor) -> dict[str, Visitor]:
    """Those who have nothing, something else, or not any more."""
    service = platform["gateway"].service
    revoked = await commands.create_key(service, name="revoked", scopes=["admin"], actor="test")
    listed = (await admin.ask("GET", "/api/v1/keys")).json()["data"]
    (gone,) = [one["id"] for one in listed if one["name"] == "revoked"]
    assert (await admin.ask("DELETE", f"/api/v1/keys/{gone}")).status == 204
    source = (await commands.create_source(service, settings={"name": "stranger"}, actor="test")).created.text
    writer = await commands.create_key(service, name="nothing", scopes=["collect:write"], actor="test")
    return {
        "no key": Visitor(platform), "unknown key": Visitor(platform, "ecrm_ak_0000_0000_0000"), "revoked key": Visitor(platform, revoked.text),
        "source key": Visitor(platform, source), "key of another scope": Visitor(platform, writer.text),
        **{role: await person(platform, admin, role, role) for role in sorted(roles.BUILT_IN) if role != "administrator"},
    }


async def check(platform: TestPlatform, admin: Visitor, known: list[Operation], pool: Pool, limit: int) -> dict[str, Any]:
    """Ask everything as everybody. Returns figures; `leaks`: answers that tell what exists, `opened`: doors that should be shut."""
    await platform.drain()
    leaks: list[str] = []
    opened: list[str] = []
    refused = asked = 0
    managed = [one for one in known if one.template.startswith("/api/v1/") and one.label not in OWN | SHOWN]
    for who, visitor in (await visitors(platform, admin)).items():
        nobody = who not in roles.BUILT_IN
        for number, operation in enumerate(managed):
            if not nobody and number % limit:
                continue
            there, absent = pool.path(operation, {}), _absent(operation)
            # From another address now and then: whoever guesses keys has to wait.
            headers = {"content-type": "application/json", "x-forwarded-for": f"10.{asked >> 12 & 255}.{asked >> 4 & 255}.9"}
            one, other = [await visitor.ask(operation.method.upper(), path, headers=headers, raw=b"{}") for path in (there, absent)]
            asked += 2
            statuses = (one.status, other.status)
            if {401, 403, 429} & set(statuses):  # 429: whoever shows wrong keys again and again has to wait
                refused += 1
                if IN_PART.encode() not in one.body and (statuses[0] != statuses[1] or _said(one.body) != _said(other.body)):
                    leaks.append(f"{who}: {operation.label} {there} {statuses} {one.body[:200]!r} {other.body[:200]!r}")
            elif (nobody and operation.label not in OWN) or max(statuses) >= 500:
                opened.append(f"{who}: {operation.label} {statuses} {one.body[:200]!r}")
    return {"asked": asked, "refused": refused, "leaks": leaks, "opened": opened, "operations": len(managed)}


def _absent(operation: Operation) -> str:
    path = operation.template
    for name in operation.parameters:
        path = path.replace("{" + name + "}", ABSENT, 1)
    return path


def _said(body: bytes) -> Any:
    """What was said, but for the number of the request."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    return {name: value for name, value in found.items() if name != "request_id"} if isinstance(found, dict) else found
