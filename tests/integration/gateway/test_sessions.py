"""Sessions of the console: a cookie that only our own page can use, and the files of the console."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from chassis.peers import Answer
from gateway import commands
from gateway.api import sessions
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PASSWORD = "correct horse battery"
OWN = "http://127.0.0.1:8080"
OURS = {"x-ecrm-console": "1", "origin": OWN, "host": "127.0.0.1:8080"}
PATH = "/api/v1/session"


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


async def with_key(platform: TestPlatform, key: str) -> dict[str, str]:
    answer = await Visitor(platform, key).ask("POST", PATH, headers=OURS)
    assert answer.status == 200, answer.body
    return {**OURS, "cookie": cookie_of(answer)}


async def test_somebody_signs_in_with_a_key_works_and_signs_out(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin, browser = await administrator(platform), Visitor(platform)
        answer = await admin.ask("POST", PATH, headers=OURS)
        told = answer.json()
        assert (answer.status, told["signed_in"], told["kind"], told["name"], told["scopes"]) == (200, True, "key", "admin", ["admin"])
        said = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in said.split(";")}
        assert admin.key not in said
        session = {**OURS, "cookie": f"other=1; {cookie_of(answer)}"}
        assert (await browser.ask("POST", "/api/v1/customers", {"traits": {"email": "cookie@shop.example"}}, headers=session)).status == 201
        assert (await browser.ask("GET", "/api/v1/customers", headers=session)).status == 200
        assert (await browser.ask("GET", PATH, headers=session)).json()["signed_in"]
        out = await browser.ask("DELETE", PATH, headers=session)
        assert (out.status, cookie_of(out).partition("=")[2].strip('"')) == (204, "")
        assert (await browser.ask("GET", PATH, headers=OURS)).json()["signed_in"] is False
        # A copy of the cookie that was left somewhere opens nothing; another session of the same key goes on.
        assert (await browser.ask("GET", "/api/v1/customers", headers=session)).status == 401
        assert (await browser.ask("GET", PATH, headers=session)).json()["signed_in"] is False
        assert (await browser.ask("DELETE", PATH, headers=session)).status == 204
        other = await with_key(platform, admin.key)
        assert (await browser.ask("GET", "/api/v1/customers", headers=other)).status == 200
        kept = await platform["gateway"].service.database.fetch_value("SELECT count(*) FROM ended_session")
        assert kept == 1


async def test_another_site_cannot_use_the_cookie(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin, browser = await administrator(platform), Visitor(platform)
        session = await with_key(platform, admin.key)
        body = {"traits": {"email": "stolen@shop.example"}}
        for changed in ({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": ""}, {"x-ecrm-console": ""}, {"x-ecrm-console": "2"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
            refused = await browser.ask("POST", "/api/v1/customers", body, headers={**session, **changed})
            assert (refused.status, refused.json()["code"]) == (401, "auth.required"), changed
            elsewhere = await admin.ask("POST", PATH, headers={**OURS, **changed})
            assert (elsewhere.status, elsewhere.json()["code"]) == (403, "session.elsewhere"), changed
        assert (await browser.ask("GET", "/api/v1/customers", headers={**session, "origin": ""})).status == 200, "browsers name no origin when they read their own"
        for changed in ({"x-ecrm-console": ""}, {"origin": "https://evil.example"}, {"sec-fetch-site": "none"}):
            assert (await browser.ask("GET", "/api/v1/customers", headers={**session, **changed})).status == 401, changed
            assert (await browser.ask("GET", PATH, headers={**session, **changed})).json()["signed_in"] is False
        preflight = await browser.ask("OPTIONS", "/api/v1/customers", headers={
            "origin": "https://evil.example", "access-control-request-method": "POST", "access-control-request-headers": "x-ecrm-console"})
        assert "access-control-allow-origin" not in preflight.headers
        refused = await browser.ask("DELETE", PATH, headers={**session, "origin": "https://evil.example"})
        assert (refused.status, refused.json()["code"]) == (403, "session.elsewhere")


async def test_bad_proofs(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin, browser = await administrator(platform), Visitor(platform)
        source = (await commands.create_source(platform["gateway"].service, settings={"name": "s"}, actor="t")).created.text
        for body, key, status, code in (
            (None, "", 422, "session.nothing_shown"), ({"name": "nobody", "password": PASSWORD}, "", 422, "people.bad_password"),
            ({"name": "", "password": PASSWORD}, "", 422, "request.invalid"), ({"name": "mina"}, "", 422, "request.invalid"),
            ({"name": "mina", "password": PASSWORD, "role": "administrator"}, "", 422, "request.invalid"),
            (None, "ecrm_ak_unknown", 401, "auth.required"), (None, source, 403, "auth.scope_missing"),
        ):
            answer = await browser.ask("POST", PATH, body, key=key, headers=OURS)
            assert (answer.status, answer.json()["code"]) == (status, code), (body, key)
            assert "set-cookie" not in answer.headers
        session = await with_key(platform, admin.key)
        name, _, value = session["cookie"].partition("=")
        for wrong in ("", "x", value[:-2], "A" + value[1:] if value[0] != "A" else "B" + value[1:], value + "AAAA", "é", "=" * 40):
            headers: dict[str, Any] = {**session, "cookie": f"{name}={wrong}"}
            assert (await browser.ask("GET", "/api/v1/customers", headers=headers)).status == 401, wrong
        smuggled = {**OURS, "x-ecrm-session": f'["{admin.key}",99999999999]', "x-ecrm-shown": admin.key}
        assert (await browser.ask("GET", PATH, headers=smuggled)).json()["signed_in"] is False
        assert (await browser.ask("POST", PATH, headers=smuggled)).status == 422


async def test_a_session_ends_with_its_person_key_or_time(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin, browser = await administrator(platform), Visitor(platform)
        made = (await admin.ask("POST", "/api/v1/people", {"name": "mina", "password": PASSWORD, "roles": ["viewer"]})).json()
        answer = await browser.ask("POST", PATH, {"name": "mina", "password": PASSWORD}, headers=OURS)
        assert (answer.status, answer.json()["name"], answer.json()["kind"]) == (200, "mina", "person")
        assert PASSWORD not in answer.headers["set-cookie"]
        session = {**OURS, "cookie": cookie_of(answer)}
        assert (await browser.ask("GET", "/api/v1/customers", headers=session)).status == 200
        assert (await browser.ask("POST", "/api/v1/customers", {"traits": {}}, headers=session)).status == 403
        service = platform["gateway"].service
        over = sessions._sealed(service, sessions.Kept(admin.key, int(service.clock.timestamp()) - 1))
        old = {**OURS, "cookie": f"{sessions.cookie_name(service)}={over}"}
        assert (await browser.ask("GET", PATH, headers=old)).json()["signed_in"] is False
        assert (await browser.ask("GET", "/api/v1/customers", headers=old)).status == 401
        assert (await admin.ask("DELETE", f"/api/v1/people/{made['id']}")).status == 204
        for _ in range(40):  # a session that is over is nobody's guess
            assert (await browser.ask("GET", "/api/v1/customers", headers=session)).status == 401
        assert (await browser.ask("GET", PATH, headers=session)).json()["signed_in"] is False


async def test_the_page_and_its_files(cluster: PrivateCluster) -> None:
    html = {"accept": "text/html,application/xhtml+xml", "accept-encoding": "gzip, br"}
    async with started(cluster, "gateway") as platform:
        browser = Visitor(platform)
        page = await browser.ask("GET", "/")
        headers = page.headers
        policy = headers["content-security-policy"]
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.body.decode(), re.DOTALL)
        assert (page.status, headers["cache-control"]) == (200, "no-cache")
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert scripts
        assert [text for _, text in scripts if text.strip()] == [], "no script in the page"
        for path in ("/customers", "/customers/01a20ac1-3d8a-747a-af38-318f33ed4d35", "/some/page"):
            again = await browser.ask("GET", path, headers=html)
            assert (again.status, gzip.decompress(again.body)) == (200, page.body), path
            assert (await browser.ask("GET", path)).status == 404, "programs are told"
        for path in ("/api/v2/x", "/v1/nothing", "/p", "/internal/x", "/documents/x", "/assets/none-123.js", "/schemas", "/oidc/none", "/.well-known/none", "/favicon.ico"):
            other = await browser.ask("GET", path, headers=html)
            assert other.status >= 400, path
            assert "json" in other.headers["content-type"], path
        assert (await browser.ask("POST", "/customers", {}, headers=html)).status == 404
        first = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page.body.decode())
        sizes = 0
        for path in first:
            script = await browser.ask("GET", "/" + path, headers=html)
            told = script.headers
            assert (script.status, told["content-type"], told["content-encoding"]) == (200, "text/javascript", "gzip")
            assert "immutable" in told["cache-control"]
            sizes += len(script.body)
        assert 0 < sizes <= 300_000, "what is loaded before anything is shown"
        assert (await browser.ask("HEAD", "/")).body == b""
