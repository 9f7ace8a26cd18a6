"""A customer moves: out of one installation, as a file, into another with another secret; their state is the same there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, owner, registered
from tests.integration.customer.happenings import append, happened, told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PARTS = ("history", "identities", "accounts", "contact-points", "preferences", "needs")


async def shown(platform: TestPlatform, customer: str, moment: str) -> dict[str, Any]:
    """Everything that the service answers of a customer, now and as of a moment."""
    found: dict[str, Any] = {part: await got(platform, f"/customers/{customer}/{part}") for part in PARTS}
    found["identities"]["data"] = sorted(found["identities"]["data"], key=str)
    for suffix in ("", f"?as_of={moment}"):
        view = await got(platform, f"/customers/{customer}{suffix}")
        found[f"view{suffix}"] = {**view, "identities": sorted(view["identities"])}
    return found


async def lived(platform: TestPlatform) -> tuple[str, str]:
    """Somebody with a life: two who became one, a split, an account, addresses, choices, needs; and a moment in it."""
    ada = await registered(platform, "user:1", "ext:crm:1", email="ada@x.example", name="Ada", plan="gold")
    await append(platform.log, [happened("identify", "user:1", "anon:a", traits={"city": "Shiraz"}, minute=3)])
    await platform.drain()
    two = await registered(platform, "user:2", plan="free", nick="A")
    assert (await ask(platform, "POST", "/merges", {"survivor_id": ada, "merged_id": two})).status == 201
    assert (await ask(platform, "POST", f"/customers/{ada}/identities/anon:a/split")).status == 201
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    firm = (await ask(platform, "POST", "/accounts", {"type": "organisation", "identities": ["account:acme"], "traits": {"name": "Acme"}})).json()["id"]
    await ask(platform, "POST", f"/accounts/{firm}/members", {"customer_id": ada, "role": "buyer", "primary": True})
    await ask(platform, "PUT", f"/customers/{ada}/contact-points", {"contact_points": [{"kind": "email", "value": "ada@x.example", "state": "verified"}]})
    await ask(platform, "PUT", f"/customers/{ada}/preferences", {"language": "fa", "channels": {"*": "sms"}})
    await ask(platform, "POST", f"/customers/{ada}/needs", {"text": "A stroller"})
    assert (await ask(platform, "PATCH", f"/customers/{ada}", {"traits": {"plan": None}})).status == 200
    await platform.drain()
    return ada, moment


async def taken(platform: TestPlatform, content: bytes) -> Any:
    return await platform["customer"].call("POST", "/api/v1/customers/portable", body=content, headers={"content-type": "application/json"})


async def test_a_customer_moves_to_another_installation(cluster: PrivateCluster) -> None:
    """N12: A -> file -> B gives the same state hash, the same answers now and of the past, and an undo that still works."""
    async with started(cluster, "customer") as first, started(cluster, "customer") as second:
        ada, moment = await lived(first)
        for _ in range(5):
            before = await shown(first, ada, moment)
            answer = await ask(first, "GET", f"/customers/{ada}/portable")
            here = await shown(first, ada, moment)
            if here == before:  # nothing of the past was still being taken in
                break
        assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.ecrm.customer+json")
        archive = json.loads(answer.body)
        archive["parts"]["consent"] = {"receipts": []}
        done = await taken(second, json.dumps(archive).encode())
        assert done.status == 201, done.body
        assert done.json() == {"customer_id": ada, "hash": archive["hashes"]["customer"], "left": ["consent"]}
        again = json.loads((await ask(second, "GET", f"/customers/{ada}/portable")).body)
        assert again["hashes"] == {"customer": archive["hashes"]["customer"]}
        there = await shown(second, ada, moment)
        assert [(part, name, here[part][name], there[part][name]) for part in here for name in here[part] if here[part][name] != there[part][name]] == []
        await second.drain()
        states = [state for state in await told(second.log, "ecrm.state.profile", "ecrm.state.profile.v1") if state["customer_id"] == ada]
        assert states[-1]["personal"]["traits"]["account"]["name"] == "Acme"
        assert [one["id"] for one in (await got(second, "/customers?q=ada"))["data"]] == [ada]
        # Once more: nothing changes. And what was merged there can be taken apart here.
        same = await taken(second, json.dumps(archive).encode())
        assert (same.status, same.json()["hash"]) == (200, archive["hashes"]["customer"])
        for platform in (first, second):
            (merge,) = [row for row in (await got(platform, f"/merges?customer={ada}"))["data"] if row["undone_at"] is None]
            assert (await ask(platform, "POST", f"/merges/{merge['id']}/undo")).status == 200
        assert await owner(first, "user:2") == await owner(second, "user:2") != ada


async def test_what_is_no_customer_is_refused(cluster: PrivateCluster) -> None:
    """N12: bad input."""
    async with started(cluster, "customer", read=False) as first, started(cluster, "customer", read=False) as second:
        ada = await registered(first, "user:1", diagnosis="flu")
        archive = json.loads((await ask(first, "GET", f"/customers/{ada}/portable")).body)
        changed = json.loads(json.dumps(archive).replace("flu", "cold"))
        missing = {**archive, "parts": {}}
        foreign = json.loads(json.dumps(archive))
        foreign["parts"]["customer"]["customers"][0]["shoes"] = 44
        for content, code in (
            (b"no json", "portable.bad_archive"), (json.dumps({**archive, "version": 9}).encode(), "portable.bad_archive"),
            (json.dumps(missing).encode(), "portable.bad_archive"), (json.dumps(foreign).encode(), "portable.bad_archive"),
            (json.dumps(changed).encode(), "portable.damaged"),
        ):
            answer = await taken(second, content)
            assert (answer.status, answer.json()["code"]) == (422, code)
        other = await registered(second, "user:1")
        answer = await taken(second, json.dumps(archive).encode())
        assert (answer.status, answer.json()["code"], answer.json()["customer_id"]) == (409, "customer.identity_taken", other)
        definition = {"schema": {}, "classification": "sensitive"}
        assert (await ask(first, "PUT", "/traits/diagnosis", definition)).status < 300
        answer = await ask(first, "GET", f"/customers/{ada}/portable", scopes=["customers:read"])
        assert (answer.status, answer.json()["code"]) == (403, "portable.hidden")
        assert (await ask(first, "GET", f"/customers/{ada}/portable", scopes=["customers:read", "customers:sensitive"])).status == 200
