"""Access and portability: one archive out of all services, machine-readable and readable, behind a signed link that ends."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contracts import links
from launcher.embedded_postgres import PrivateCluster
from services.analytics.store import erasing as warehouse_erasing
from services.analytics.store import memberships
from services.consent import commands
from services.consent.domain import receipts
from services.consent.store import privacy as consent_privacy
from services.customer.store import erasures as customer_erasures
from services.interaction.store import erasing as interaction_erasing
from tests.integration.interaction.support import checked, track
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUESTS = "/api/v1/privacy/requests"
ALL = ("customer", "consent", "analytics", "campaign", "interaction")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def platform(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, *ALL) as running:
        yield running


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, service: str = "consent", status: int = 200) -> Any:
    answer = await platform[service].call(method, path, json=body, scopes=["privacy:manage", "consent:write", "consent:read", "customers:write", "customers:read"])
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None


async def person_called(platform: TestPlatform, mark: str) -> str:
    made = await ask(
        platform, "POST", "/api/v1/customers", {"identities": [f"user:{mark}"], "traits": {"email": f"{mark}@x.example", "city": "شیراز"}},
        service="customer", status=201,
    )
    await platform.log.append(checked([track(mark, "Seen", f"{mark}-{number}") for number in range(3)]))
    await platform.drain()
    grant = {"customer_id": made["id"], "purpose": "marketing", "channel": "email", "source": "form", "evidence": {"said": mark}}
    await ask(platform, "POST", "/api/v1/consents/grants", grant, status=201)
    await platform.drain()
    return str(made["id"])


async def answered(platform: TestPlatform, request_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (found := await ask(platform, "GET", f"{REQUESTS}/{request_id}"))["state"] != "completed":
            await asyncio.sleep(0.1)
    return dict(found)


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() if name.endswith("html") else json.loads(archive.read(name)) for name in archive.namelist()}


async def test_access_is_one_archive_from_all_services(platform: TestPlatform) -> None:
    """U43, R6: access is answered with everything each service holds, as JSON and as a page in the person's language; others are not in it."""
    other = await person_called(platform, "ocanary2201")
    person = await person_called(platform, "acanary2200")
    request = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "access", "language": "fa", "verified_by": "identity card"}, status=201)
    found = await answered(platform, request["id"])
    assert [step["step"] for step in found["steps"]] == ["asked", "verified", "copy_made"]
    path = "/copy/" + found["archive"]["download_url"].rpartition("/")[2]
    answer = await platform["consent"].call("GET", path, scopes=None)
    assert (answer.status, answer.headers["content-type"], len(answer.body)) == (200, "application/zip", found["archive"]["size"])
    files = opened(answer.body)
    assert set(files) == {*(f"{name}.json" for name in ALL), "customer.ecrm.json", "receipts.json", "about.json", "index.html"}
    assert len(files["interaction.json"]["interaction"]) == 3
    assert files["interaction.json"]["interaction"][0]["record"]["kind"] == "track"
    assert "acanary2200@x.example" in json.dumps(files["customer.json"]) and "شیراز" in json.dumps(files["customer.json"], ensure_ascii=False)
    assert len(files["analytics.json"]["warehouse.event"]) == 3
    assert files["consent.json"]["entry_person"][0]["evidence"] == {"said": "acanary2200"}
    assert 'dir="rtl"' in files["index.html"] and "acanary2200@x.example" in files["index.html"]
    assert "ocanary2201" not in answer.body.decode("latin-1") and "ocanary2201" not in json.dumps(files) and other not in json.dumps(files)
    rows = found["archive"]["rows"]
    assert rows["interaction"]["interaction"] == 3 and rows["analytics"]["warehouse.event"] == 3
    for signed in files["receipts.json"]:
        assert receipts.verify(signed, trusted=frozenset({platform["consent"].service.resources.signer.public}))["pii_principal_id"] == person
    assert [one["receipt"]["event"]["state"] for one in files["receipts.json"]] == ["granted"]
    again = await ask(platform, "GET", f"{REQUESTS}/{request['id']}")
    assert [step["step"] for step in again["steps"]][-1] == "copy_downloaded"


async def test_portability_leaves_out_what_was_worked_out(platform: TestPlatform) -> None:
    """U43, N12: what the person told and what was seen of them, and a file that another installation takes over."""
    person = await person_called(platform, "pcanary2300")
    request = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "portability"}, status=201)
    await ask(platform, "POST", f"{REQUESTS}/{request['id']}/verify", {"verified_by": "call back"})
    await answered(platform, request["id"])
    answer = await platform["consent"].call("GET", f"{REQUESTS}/{request['id']}/archive", scopes=["privacy:manage"])
    files = opened(answer.body)
    assert files["customer.ecrm.json"]["format"] == "ecrm-customer"
    assert "score" not in files["analytics.json"] and "recipient" not in files["campaign.json"]
    assert "pcanary2300@x.example" in json.dumps(files["customer.json"])
    taken = await platform["customer"].call("POST", "/api/v1/customers/portable", json=files["customer.ecrm.json"])
    assert taken.status in (200, 409), taken.body


async def test_an_archive_ends(platform: TestPlatform) -> None:
    """A link that is over, a link of another kind, no link at all, and an archive that is not made."""
    person = await person_called(platform, "ecanary2400")
    request = await ask(platform, "POST", REQUESTS, {"customer_id": person, "kind": "access"}, status=201)
    waiting = await ask(platform, "GET", f"{REQUESTS}/{request['id']}/archive", status=409)
    assert waiting["code"] == "privacy.copy_not_ready"
    service = platform["consent"].service
    over = links.seal(service.link_secret, links.COPY, [request["id"], str(int(service.clock.timestamp()) - 1)])
    other = links.seal(service.link_secret, links.CONFIRM, [request["id"], str(int(service.clock.timestamp()) + 100)])
    assert [(await platform["consent"].call("GET", f"/copy/{token}", scopes=None)).status for token in (over, other, "nonsense")] == [410, 404, 404]
    await ask(platform, "POST", f"{REQUESTS}/{request['id']}/verify", {"verified_by": "letter"})
    found = await answered(platform, request["id"])
    token = found["archive"]["download_url"].rpartition("/")[2]
    async with service.transaction() as tx:
        await tx.db.execute("UPDATE privacy_copy SET expires_at = now() - interval '1 second'")
    assert (await platform["consent"].call("GET", f"{REQUESTS}/{request['id']}/archive")).status == 409
    assert (await ask(platform, "GET", f"{REQUESTS}/{request['id']}"))["archive"]["download_url"] is None
    await commands.drop_copies(service)
    async with service.read() as db:
        assert await db.fetchval("SELECT count(*) FROM privacy_copy_part") == 0
    assert len((await platform["consent"].call("GET", f"/copy/{token}", scopes=None)).body) < 1 << 16


async def test_only_services_read_people_inside(platform: TestPlatform) -> None:
    for name in ALL:
        body = {"customers": ["0191b000-0000-7000-8000-00000000dead"], "identities": []}
        answer = await platform[name].call("POST", "/internal/person", json=body, scopes=["privacy:manage", "admin"])
        assert (answer.status, answer.json()["code"]) == (403, "privacy.inside_only")
    answer = await platform["customer"].call("GET", "/internal/family/0191b000-0000-7000-8000-00000000dead", scopes=["admin"])
    assert answer.status == 403


#: Erased, but no data of one person: files of thousands that are emptied.
NOT_SHOWN = {"consent": {"consent_import", "privacy_copy"}}


async def test_whatever_is_erased_of_a_person_is_shown_to_them(platform: TestPlatform) -> None:
    """R6: a table that is searched when a person is erased is read when they ask for a copy, too."""
    erased = {
        "customer": customer_erasures.ERASED, "interaction": interaction_erasing.ERASED, "consent": consent_privacy.ERASED,
        "analytics": memberships.ERASED | {f"warehouse.{table}" for table in (*warehouse_erasing.TABLES,)}, "campaign": {"recipient", "message"},
    }
    for name, tables in erased.items():
        shown = {one.table for one in platform[name].running.holdings}
        assert tables - NOT_SHOWN.get(name, set()) <= shown, name
