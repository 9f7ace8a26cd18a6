"""Privacy requests: asked, verified, answered in time; an erasure goes through every service and ends with a certificate."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from launcher.embedded_postgres import PrivateCluster
from services.consent.store import privacy as store
from tests.integration.interaction.support import checked, track
from tests.support.platform import TestPlatform, started
from tests.support.scanning import tables_with

pytestmark = pytest.mark.asyncio(loop_scope="function")

REQUESTS = "/api/v1/privacy/requests"


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, service: str = "consent", status: int = 200) -> Any:
    answer = await platform[service].call(method, path, json=body, scopes=["privacy:manage", "consent:write", "consent:read", "customers:write", "customers:read"])
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None


async def test_an_erasure_goes_through_every_service_and_is_certified(cluster: PrivateCluster) -> None:
    """U43: one request drives every service and is answered with receipts."""
    async with started(cluster, "customer", "consent", "analytics", "campaign", "interaction") as platform:
        made = await ask(
            platform, "POST", "/api/v1/customers", {"identities": ["user:vcanary7731"], "traits": {"email": "vcanary7731@x.example"}},
            service="customer", status=201,
        )
        person = made["id"]
        await platform.log.append(checked([track("vcanary7731", "Seen", "vcanary7731")]))
        await platform.drain()
        grant = {"customer_id": person, "purpose": "marketing", "channel": "email", "source": "vcanary7731", "evidence": {"said": "vcanary7731"}}
        await ask(platform, "POST", "/api/v1/consents/grants", grant, status=201)
        await platform.drain()
        async with platform["consent"].service.read() as db:
            assert "entry_person" in await tables_with(db, ["vcanary7731"])
        request = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "erasure"}, status=201)
        assert request["state"] == "received"
        address = f"{REQUESTS}/{request['id']}"
        refused = await ask(platform, "POST", f"{address}/erase", status=409)
        assert refused["code"] == "privacy.wrong_state"
        await ask(platform, "POST", f"{address}/verify", {"verified_by": "call back to the known number"})
        assert (await ask(platform, "GET", f"{address}/certificate", status=409))["code"] == "privacy.not_completed"
        assert (await ask(platform, "POST", f"{address}/erase", status=202))["state"] == "running"
        async with asyncio.timeout(20):
            while (found := await ask(platform, "GET", address))["state"] != "completed":
                await asyncio.sleep(0.1)
        assert (found["waiting_for"], {one["service"] for one in found["receipts"]}) == ([], {"analytics", "campaign", "consent", "customer", "interaction"})
        certified = await ask(platform, "GET", f"{address}/certificate")
        assert certified["certificate"]["services"]["interaction"]["erased"]["interaction"] == 1
        keys = await ask(platform, "GET", "/.well-known/ecrm-permit-keys.json")
        assert certified["kid"] in [key["kid"] for key in keys["keys"]]
        key = Ed25519PublicKey.from_public_bytes(platform["consent"].service.resources.signer.public)
        key.verify(bytes.fromhex(certified["signature"]), msgspec.json.encode(certified["certificate"], order="sorted"))
        for name in ("customer", "consent", "analytics", "campaign", "interaction"):
            async with platform[name].service.read() as db:
                assert await tables_with(db, ["vcanary7731"]) <= {"outbox"}, name


async def test_asking_verifying_answering_refusing(cluster: PrivateCluster) -> None:
    person = str(uuid.uuid4())
    async with started(cluster, "consent", given={"consent": {"answer_days": 1}}) as platform:
        copy = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "access", "verified_by": "identity card"}, status=201)
        assert copy["state"] == "verified"
        again = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "access"}, status=409)
        assert again["code"] == "privacy.request_open"
        done = await ask(platform, "POST", f"{REQUESTS}/{copy['id']}/complete", {"outcome": "sent by letter"})
        assert (done["state"], done["outcome"], done["overdue"]) == ("completed", "sent by letter", False)
        no = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "erasure"}, status=201)
        assert (await ask(platform, "POST", f"{REQUESTS}/{no['id']}/complete", {"outcome": "x"}, status=409))["code"] == "privacy.wrong_state"
        await ask(platform, "POST", f"{REQUESTS}/{no['id']}/verify", {"verified_by": "letter"})
        assert (await ask(platform, "POST", f"{REQUESTS}/{no['id']}/complete", {"outcome": "x"}, status=409))["code"] == "privacy.wrong_kind"
        assert (await ask(platform, "POST", f"{REQUESTS}/{no['id']}/refuse", {"outcome": "an open invoice"}))["state"] == "refused"
        listed = await ask(platform, "GET", f"{REQUESTS}?customer_id={person}")
        assert [one["id"] for one in listed["data"]] == [no["id"], copy["id"]]
        async with platform["consent"].service.transaction() as tx:
            await tx.db.execute("UPDATE privacy_request SET due_at = now() - interval '1 hour', closed_at = NULL WHERE id = $1", uuid.UUID(no["id"]))
        assert [one["id"] for one in (await ask(platform, "GET", f"{REQUESTS}?overdue=true"))["data"]] == [no["id"]]


NOBODY = "0191b000-0000-7000-8000-00000000dead"
BAD: list[tuple[str, str, Any, int, str]] = [
    ("POST", "", {"customer_id": "nobody", "kind": "erasure"}, 422, "request.invalid"),
    ("POST", "", {"customer_id": NOBODY, "kind": "everything"}, 422, "request.invalid"),
    ("POST", "", {"customer_id": NOBODY, "kind": "access", "verified_by": ""}, 422, "request.invalid"),
    ("GET", f"/{NOBODY}", None, 404, "privacy.unknown_request"),
    ("POST", f"/{NOBODY}/erase", None, 404, "privacy.unknown_request"),
    ("POST", f"/{NOBODY}/refuse", {"outcome": "x"}, 404, "privacy.unknown_request"),
    ("GET", f"/{NOBODY}/certificate", None, 404, "privacy.unknown_request"),
    ("GET", "?page_token=nonsense", None, 422, "page.bad_token"),
]


async def test_bad_input_and_only_who_manages_privacy(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent") as platform:
        for method, path, body, status, code in BAD:
            assert (await ask(platform, method, REQUESTS + path, body, status=status))["code"] == code, path
        answer = await platform["consent"].call("GET", REQUESTS, scopes=["consent:write"])
        assert answer.status == 403


async def test_every_table_that_names_a_person_is_erased(cluster: PrivateCluster) -> None:
    """Requests keep the id of the customer, so that the certificate can be found; nothing else."""
    async with started(cluster, "consent") as platform, platform["consent"].service.read() as db:
        rows = await db.fetch(
            """
            SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'
              AND column_name IN ('customer_id', 'identity', 'merged_id', 'people', 'root_id')
            """
        )
    assert {row["table_name"] for row in rows} - {"privacy_request"} <= store.ERASED
