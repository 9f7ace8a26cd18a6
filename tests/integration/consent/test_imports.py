"""Old consents from files: with evidence, once, and every row that cannot be taken says why."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chassis.ids import new_text_id
from contracts.customer import IdentityState
from launcher.embedded_postgres import PrivateCluster
from tests.integration.consent.test_statements import FAST, grant, standing, tell, withdraw
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PATH = "/api/v1/consents/imports"
HEAD = "E-Mail,purpose,channel,status,date,proof,shop\n"


async def bring(platform: TestPlatform, text: str, *, kind: str = "text/csv", query: str = "") -> dict[str, Any]:
    answer = await platform["consent"].call("POST", PATH + query, body=text.encode(), headers={"content-type": kind}, scopes=["consent:write"])
    assert answer.status == 202, answer.body
    made = answer.json()
    async with asyncio.timeout(20):
        while made["state"] == "waiting":
            await asyncio.sleep(0.05)
            made = (await platform["consent"].call("GET", f"{PATH}/{made['id']}", scopes=["consent:read"])).json()
    return dict(made)


async def test_a_file_is_taken_once_and_keeps_its_evidence(cluster: PrivateCluster) -> None:
    """U41, U42: rows of a CSV file, a dry run first, then twice; JSON lines say the same."""
    async with started(cluster, "consent", given=FAST) as platform:
        customer, later = new_text_id(), new_text_id()
        hashed = platform["consent"].service.hash_identity
        for address, home in (("ada@example.com", customer), ("bob@example.com", later)):
            await tell(platform, IdentityState(identity=hashed(f"email:{address}").hex(), kind="email", customer_id=home))
        await withdraw(platform, customer_id=later, channel="email")
        text = HEAD + (
            "Ada@Example.com,marketing,email,yes,2024-05-01T10:00:00,Form of the fair,Tehran\n"
            "bob@example.com,marketing,email,granted,2024-05-01,letter 17,\n"
            "eve@example.com,marketing,sms,unsubscribed,2024-05-02,,\n"
            "eve@example.com,marketing,sms,unsubscribed,2024-05-02,,\n"
        )
        dry = await bring(platform, text, query="?dry_run=true&name=fair")
        assert (dry["recorded"], dry["unchanged"], dry["refused"], dry["rows"]) == (3, 1, 0, 4)
        assert (await standing(platform, customer))["state"] == "unspoken"
        done = await bring(platform, text, query="?name=fair")
        assert (done["state"], done["recorded"], done["unchanged"]) == ("done", 3, 1)
        again = await bring(platform, text, query="?name=fair")
        assert (again["recorded"], again["unchanged"]) == (0, 4)
        assert (await standing(platform, customer))["since"] == "2024-05-01T10:00:00Z"
        assert (await standing(platform, later))["reason"] == "withdrawn", "an old grant does not undo a later withdrawal"
        lines = (await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent")).json()["data"]
        assert len(lines) == 1
        assert lines[0]["evidence"] == {"told": "Form of the fair", "shop": "Tehran", "import": done["id"]}
        assert (lines[0]["source"], lines[0]["actor"]) == ("import:fair", "key:test")
        rows = [{"email": "ada@example.com", "purpose": "marketing", "channel": "email", "state": "granted", "said_at": "2024-05-01T10:00:00Z",
                 "evidence": {"told": "Form of the fair", "shop": "Tehran"}}]
        same = await bring(platform, "\n".join(map(json.dumps, rows)), kind="application/x-ndjson")
        assert (same["recorded"], same["unchanged"]) == (0, 1), "the same statement, written otherwise"
        assert await platform["consent"].service.database.fetch_value("SELECT count(*) FROM consent_import WHERE content IS NOT NULL") == 0
        listed = (await platform["consent"].call("GET", PATH, scopes=["consent:read"])).json()["data"]
        assert [one["id"] for one in listed] == [same["id"], again["id"], done["id"], dry["id"]]


async def test_rows_that_cannot_be_taken_say_why(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        body = {
            "purpose": "letter", "basis": "double_opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "x"}, "wording": {"en": "x"},
        }
        assert (await platform["consent"].call("POST", "/api/v1/purposes", json=body)).status == 201
        rows = [
            "customer_id,identity,purpose,channel,state,said_at,evidence,wording_version,confirmed_at",
            ",email:a@example.com,gifts,email,granted,2024-05-01,x,,",
            ",email:a@example.com,marketing,fax,granted,2024-05-01,x,,",
            ",email:a@example.com,marketing,email,maybe,2024-05-01,x,,",
            ",email:a@example.com,marketing,email,granted,yesterday,x,,",
            ",email:a@example.com,marketing,email,granted,2999-01-01,x,,",
            ",email:a@example.com,marketing,email,granted,2024-05-01,,,",
            ",email:a@example.com,marketing,email,granted,2024-05-01,x,7,",
            ",nobody,marketing,email,granted,2024-05-01,x,,",
            "42,,marketing,email,granted,2024-05-01,x,,",
            ",,marketing,email,granted,2024-05-01,x,,",
            ",email:a@example.com,letter,email,granted,2024-05-01,x,,",
            ",email:a@example.com,letter,email,granted,2024-05-01,x,,2024-05-02",
            ",email:a@example.com,marketing,email,granted,2024-05-01,{broken,,",
        ]
        done = await bring(platform, "\n".join(rows))
        assert (done["recorded"], done["refused"]) == (1, 12)
        found = (await platform["consent"].call("GET", f"{PATH}/{done['id']}/errors?limit=500", scopes=["consent:read"])).json()["data"]
        assert {one["line"]: one["code"] for one in found} == {
            2: "unknown_purpose", 3: "unknown_channel", 4: "unknown_state", 5: "bad_time", 6: "said_in_future", 7: "evidence_missing",
            8: "unknown_wording", 9: "bad_subject", 10: "bad_subject", 11: "bad_subject", 12: "confirmation_missing", 14: "bad_evidence",
        }


async def test_files_and_modes_that_cannot_be_used(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        consent = platform["consent"]

        async def code(path: str, text: str, kind: str) -> tuple[int, str]:
            answer = await consent.call("POST", path, body=text.encode(), headers={"content-type": kind}, scopes=["consent:write"])
            return answer.status, answer.json()["code"]

        assert await code(PATH, "x", "application/pdf") == (422, "consent.unknown_format")
        assert await code(PATH, "", "text/csv") == (422, "consent.unreadable_import")
        assert await code(PATH + '?mapping={"columns":{"purpose":"none"}}', HEAD + "a\n", "text/csv") == (422, "consent.unreadable_import")
        assert await code(PATH + "?mapping=[]", HEAD, "text/csv") == (422, "request.invalid")
        assert (await consent.call("GET", f"{PATH}/{new_text_id()}")).status == 404
        too_new = {"customer_id": new_text_id(), "purpose": "marketing", "channel": "email", "wording_version": 2}
        answer = await consent.call("POST", "/api/v1/consents/grants", json=too_new)
        assert (answer.status, answer.json()["code"]) == (422, "consent.unknown_wording")


async def test_many_rows(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        text = HEAD + "".join(f"p{number}@example.com,marketing,email,yes,2024-05-01,list,\n" for number in range(1200))
        done = await bring(platform, text)
        assert (done["recorded"], done["rows"]) == (1200, 1200)
        await grant(platform, identity="email:p7@example.com")
        assert (await bring(platform, text))["unchanged"] == 1200
