"""The platform as a processor after OpenDSR 1.0: requests of a controller are taken, signed, followed and cancelled."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.peers import Answer
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENDSR = "/api/v1/privacy/opendsr"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def platform(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    given = {"consent": {"opendsr_pending_seconds": 1.0, "barrier_seconds": 0.2}}
    async with started(cluster, "customer", "consent", "analytics", "campaign", "interaction", given=given) as running:
        yield running


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200, subject: str = "broker") -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    answer = await platform["consent"].call(method, OPENDSR + path, body=content, scopes=["privacy:manage"], subject=subject)
    assert answer.status == status, (answer.status, answer.body)
    signed(platform, answer)
    return dict(answer.json())


def signed(platform: TestPlatform, answer: Answer) -> None:
    """Raises InvalidSignature."""
    key = Ed25519PublicKey.from_public_bytes(platform["consent"].service.resources.signer.public)
    key.verify(base64.b64decode(answer.headers["x-opendsr-signature"]), answer.body)
    assert answer.headers["x-opendsr-processor-domain"] == "127.0.0.1"


def request(kind: str, email: str, **more: Any) -> dict[str, Any]:
    return {
        "regulation": "gdpr", "subject_request_id": str(uuid.uuid4()), "subject_request_type": kind, "submitted_time": "2026-10-02T15:00:00Z", "api_version": "1.0",
        "subject_identities": [{"identity_type": "email", "identity_value": email, "identity_format": "raw"}], **more,
    }


async def person(platform: TestPlatform, name: str) -> str:
    made = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": [f"user:{name}", f"email:{name}@x.example"], "traits": {"email": f"{name}@x.example"}})
    assert made.status == 201, made.body
    await platform.drain()
    return str(made.json()["id"])


async def until(platform: TestPlatform, asked: dict[str, Any], status: str) -> dict[str, Any]:
    async with asyncio.timeout(25):
        while (found := await ask(platform, "GET", f"/requests/{asked['subject_request_id']}"))["request_status"] != status:
            await asyncio.sleep(0.2)
    return found


async def test_discovery(platform: TestPlatform) -> None:
    found = await ask(platform, "GET", "/discovery")
    assert found["api_version"] == "1.0" and found["supported_subject_request_types"] == ["access", "erasure", "portability"]
    assert {"identity_type": "email", "identity_format": "raw"} in found["supported_identities"]


async def test_an_access_request_ends_with_results(platform: TestPlatform) -> None:
    """U43: asked by another controller, answered with the archive."""
    await person(platform, "dsr1")
    asked = request("access", "DSR1@x.example")
    taken = await ask(platform, "POST", "/requests", asked, status=201)
    assert json.loads(base64.b64decode(taken["encoded_request"])) == asked and taken["controller_id"] == "key:broker"
    found = await until(platform, asked, "completed")
    assert found["results_count"] > 3
    answer = await platform["consent"].call("GET", "/copy/" + found["results_url"].rpartition("/")[2], scopes=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    again = await ask(platform, "POST", "/requests", asked, status=201)
    assert again["received_time"] == taken["received_time"]


async def test_an_erasure_begins_unless_it_is_cancelled(platform: TestPlatform) -> None:
    kept, gone = await person(platform, "dsr2"), await person(platform, "dsr3")
    first, second = request("erasure", "dsr2@x.example"), request("erasure", "dsr3@x.example")
    await ask(platform, "POST", "/requests", first, status=201)
    await ask(platform, "DELETE", f"/requests/{first['subject_request_id']}", status=202)
    assert (await ask(platform, "GET", f"/requests/{first['subject_request_id']}"))["request_status"] == "cancelled"
    await ask(platform, "POST", "/requests", second, status=201)
    assert (await until(platform, second, "completed"))["results_count"] > 3
    refused = await ask(platform, "DELETE", f"/requests/{second['subject_request_id']}", status=400)
    assert refused["error"]["message"] == "only a pending request can be cancelled"
    assert (await platform["customer"].call("GET", f"/api/v1/customers/{kept}")).status == 200
    assert (await platform["customer"].call("GET", f"/api/v1/customers/{gone}")).status in (404, 410)


async def test_nobody_known_is_completed_with_nothing(platform: TestPlatform) -> None:
    asked = request("portability", "stranger@x.example")
    await ask(platform, "POST", "/requests", asked, status=201)
    found = await ask(platform, "GET", f"/requests/{asked['subject_request_id']}")
    assert (found["request_status"], found["results_count"]) == ("completed", 0)


BAD: list[tuple[Any, str]] = [
    (b"nonsense", "the body is no JSON"),
    (b"[]", "the body is no JSON object"),
    ({"subject_request_id": "1"}, "subject_request_id is required"),
    (request("everything", "a@x.example"), "subject_request_type is required"),
    (request("access", "a@x.example", regulation="lgpd"), "regulation is gdpr or ccpa"),
    (request("access", "a@x.example", api_version="9"), "api_version is 1.0"),
    (request("access", "a@x.example", submitted_time="yesterday"), "submitted_time is required"),
    (request("access", "a@x.example", subject_identities=[]), "subject_identities are required"),
    (request("access", "a@x.example", subject_identities=[{"identity_type": "email", "identity_value": "x", "identity_format": "sha256"}]), "an identity is not supported"),
    (request("access", ""), "identity_value is required"),
    (request("access", "x" * 5000), "an identity_value is not of its identity_type"),
    (request("access", "a@x.example", status_callback_urls=["https://c.example/back"]), "status_callback_urls are not called"),
]


async def test_bad_requests(platform: TestPlatform) -> None:
    for body, why in BAD:
        refused = await ask(platform, "POST", "/requests", body, status=400)
        assert refused["error"]["code"] == 400 and refused["error"]["message"].startswith(why), body
    asked = request("access", "stranger2@x.example")
    await ask(platform, "POST", "/requests", asked, status=201)
    foreign = await ask(platform, "GET", f"/requests/{asked['subject_request_id']}", status=400, subject="another")
    assert foreign["error"]["message"] == "there is no such request"
    used = await ask(platform, "POST", "/requests", {**asked, "subject_request_type": "erasure"}, status=400)
    assert used["error"]["message"] == "this subject_request_id was used for another request"
    assert (await platform["consent"].call("GET", f"{OPENDSR}/discovery", scopes=["consent:read"])).status == 403
