"""People at the door: the built-in issuer, an identity provider, roles, and fields that stay hidden (U44, D7, D8, R7)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.peers import Answer
from gateway.domain import roles
from gateway.outbound import issuers
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.issuing import Provider, provider
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PASSWORD = "correct horse battery"


async def sign_in(platform: TestPlatform, name: str, password: str = PASSWORD) -> Answer:
    form = urlencode({"grant_type": "password", "username": name, "password": password}).encode()
    return await Visitor(platform).ask("POST", "/oidc/token", raw=form, headers={"content-type": "application/x-www-form-urlencoded"})


async def person(platform: TestPlatform, admin: Visitor, name: str, *given: str) -> Visitor:
    made = await admin.ask("POST", "/api/v1/people", {"name": name, "password": PASSWORD, "roles": list(given)})
    assert made.status == 201, made.body
    answer = await sign_in(platform, name)
    assert answer.status == 200, answer.body
    return Visitor(platform, answer.json()["access_token"])


async def test_somebody_signs_in_works_and_is_removed(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        agent = await person(platform, admin, "mina", "agent")
        me = (await agent.ask("GET", "/api/v1/me")).json()
        assert me["kind"] == "person"
        assert set(me["scopes"]) == roles.BUILT_IN["agent"].scopes
        assert (await agent.ask("POST", "/api/v1/customers", {"traits": {"email": "a@shop.example"}})).status == 201
        assert (await agent.ask("GET", "/api/v1/customers")).status == 200
        assert (await agent.ask("GET", "/api/v1/keys")).status == 403
        assert (await agent.ask("POST", "/api/v1/people", {"name": "x", "password": PASSWORD})).status == 403
        listed = (await admin.ask("GET", "/api/v1/people")).json()["data"]
        assert [one["name"] for one in listed] == ["mina"]
        stored = await platform["gateway"].service.database.fetch_value("SELECT password_hash FROM person")
        assert stored.startswith("$argon2id$")
        path = f"/api/v1/people/{listed[0]['id']}"
        assert (await admin.ask("PATCH", path, {"roles": ["viewer"]})).status == 200
        assert (await agent.ask("POST", "/api/v1/customers", {"traits": {}})).status == 403, "at once, with the same token"
        await admin.ask("PATCH", path, {"disabled": True})
        assert (await agent.ask("GET", "/api/v1/me")).status == 401
        assert (await sign_in(platform, "mina")).status == 422
        await admin.ask("PATCH", path, {"disabled": False})
        assert (await agent.ask("GET", "/api/v1/me")).status == 200
        assert (await admin.ask("DELETE", path)).status == 204
        assert (await agent.ask("GET", "/api/v1/me")).status == 401
        assert (await admin.ask("DELETE", path)).status == 404


async def test_a_password_must_be_hard_to_guess_and_is_changed_by_oneself(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        for guessable in ("password1234", "qwertyuiop12", "123456789012", "peyvandpeyvand", "administrator", "mina.moradi.1", "aaaaaaaaaaaaaaa"):
            refused = await admin.ask("POST", "/api/v1/people", {"name": "mina.moradi", "password": guessable})
            assert (refused.status, refused.json()["code"]) == (422, "people.password_guessable"), guessable
        for fine in ("گربه روی دیوار سبز نشسته است", "nZ4!vq7_Rk2w", "x" * 3 + " lamp river seven copper" + "y" * 200):
            made = await admin.ask("POST", "/api/v1/people", {"name": f"p{len(fine)}", "password": fine})
            assert made.status == 201, "any characters, up to 256"
            assert (await sign_in(platform, f"p{len(fine)}", fine)).status == 200, "exactly as it was given"
            assert (await sign_in(platform, f"p{len(fine)}", fine[:-1])).status == 422, "to its last letter"
        mina = await person(platform, admin, "mina", "viewer")
        path, other = "/api/v1/me/password", "violet engine paper moon"
        wrong = await mina.ask("POST", path, {"current": "wrong wrong wrong", "password": other})
        assert (wrong.status, wrong.json()["code"]) == (422, "people.bad_password")
        assert (await mina.ask("POST", path, {"current": PASSWORD, "password": "mina12345678"})).json()["code"] == "people.password_guessable"
        assert (await mina.ask("POST", path, {"current": PASSWORD, "password": other})).status == 204
        assert [(await sign_in(platform, "mina", one)).status for one in (PASSWORD, other)] == [422, 200]
        assert (await admin.ask("POST", path, {"current": PASSWORD, "password": other})).json()["code"] == "people.not_a_person"


async def test_ten_wrong_passwords_lock_and_say_nothing(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        await person(platform, admin, "mina", "viewer")
        unknown = await sign_in(platform, "nobody")
        for _ in range(10):
            wrong = await sign_in(platform, "mina", "wrong password")
        locked = await sign_in(platform, "mina")
        bodies = [{name: value for name, value in answer.json().items() if name != "request_id"} for answer in (unknown, wrong, locked)]
        assert bodies[0] == bodies[1] == bodies[2]
        assert bodies[0]["code"] == "people.bad_password"
        found = (await admin.ask("GET", "/api/v1/people")).json()["data"][0]
        assert found["locked_until"] is not None
        await admin.ask("PATCH", f"/api/v1/people/{found['id']}", {"password": "another long one"})
        assert (await sign_in(platform, "mina", "another long one")).status == 200


async def test_fields_stay_hidden_by_role(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        secret = {"email": "sara@shop.example", "phone": "+989121234567", "first_name": "Sara", "credit_limit": 5000, "salary_band": "gold-7"}
        made = await admin.ask("POST", "/api/v1/customers", {"traits": secret})
        path = f"/api/v1/customers/{made.json()['id']}"
        viewer, agent = await person(platform, admin, "v", "viewer"), await person(platform, admin, "a", "agent")
        ways = [path, f"{path}/identities", "/api/v1/customers", f"{path}/360", f"{path}/history", f"{path}/traits"]
        seen = [(await admin.ask("GET", way)).body for way in ways]
        assert any(b"sara@shop.example" in body for body in seen)
        for way in ways:
            body = (await viewer.ask("GET", way)).body
            assert b"sara@shop.example" not in body, way
            assert b"9121234567" not in body, way
        assert b"Sara" in (await viewer.ask("GET", path)).body
        assert b"sara@shop.example" in (await agent.ask("GET", path)).body
        asked = await viewer.ask("GET", "/api/v1/customers?email=sara@shop.example")
        assert (asked.status, asked.json()["code"]) == (403, "fields.hidden")

        unit = {"description": "Credit", "scopes": ["customers:read"], "hides": ["contact", "trait:salary_band"]}
        assert (await admin.ask("PUT", "/api/v1/roles/credit", unit)).json()["own"] is True
        assert (await admin.ask("PUT", "/api/v1/roles/sales", {**unit, "hides": ["trait:credit_limit"]})).status == 200
        credit, sales = await person(platform, admin, "c", "credit"), await person(platform, admin, "s", "sales")
        both = await person(platform, admin, "b", "credit", "sales")
        shown = {who: (await visitor.ask("GET", path)).body for who, visitor in (("credit", credit), ("sales", sales), ("both", both))}
        assert b"5000" in shown["credit"]
        assert b"gold-7" not in shown["credit"]
        assert b"5000" not in shown["sales"]
        assert b"sara@shop.example" in shown["sales"]
        assert all(text in shown["both"] for text in (b"5000", b"gold-7", b"sara@shop.example"))
        export = await viewer.ask("POST", "/api/v1/exports", {"format": "csv"})
        if export.status == 202:
            await platform.drain()
            assert (await viewer.ask("GET", f"{export.headers['location']}/file")).status in {403, 404, 409}
        assert (await admin.ask("DELETE", "/api/v1/roles/credit")).status == 204
        assert (await credit.ask("GET", path)).status == 403


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "ASK_AGAIN", 0.0)


def knobs(issuer: Provider) -> dict[str, Any]:
    return {"gateway": {"oidc_issuer": issuer.issuer, "oidc_roles_claim": "realm_access.roles", "oidc_role_names": "support=agent,boss=administrator"}}


async def test_people_of_an_identity_provider(cluster: PrivateCluster, impatient: None) -> None:
    async with provider() as issuer, started(cluster, "gateway", given=knobs(issuer)) as platform:
        await platform.drain()
        for kid in ("rsa", "ec", "ed"):
            me = await Visitor(platform, issuer.token(kid)).ask("GET", "/api/v1/me")
            assert (me.status, me.json()["subject"]) == (200, "oidc:u-1"), kid
            assert set(me.json()["scopes"]) == roles.BUILT_IN["agent"].scopes
        asked = issuer.asked
        token = issuer.token()
        for _ in range(5):
            await Visitor(platform, token).ask("GET", "/api/v1/me")
        assert issuer.asked == asked, "keys are remembered"
        boss = await Visitor(platform, issuer.token(aud=["else", "peyvand"], realm_access={"roles": ["boss", "unknown"]})).ask("GET", "/api/v1/keys")
        assert boss.status == 200
        nobody = await Visitor(platform, issuer.token(realm_access={"roles": ["unknown"]})).ask("GET", "/api/v1/customers")
        assert nobody.status in {403, 503}
        old = issuer.token("ec")
        issuer.keys["ec2"] = ECKey.generate_key("P-256", parameters={"kid": "ec2"})
        issuer.algorithms["ec2"] = "ES256"
        assert (await Visitor(platform, issuer.token("ec2")).ask("GET", "/api/v1/me")).status == 200, "a new key is found"
        assert (await Visitor(platform, old).ask("GET", "/api/v1/me")).status == 200
        assert (await Visitor(platform, issuer.token(iat=issuer.claims()["iat"] + 20)).ask("GET", "/api/v1/me")).status == 200, "clocks differ"


def forged(issuer: Provider) -> list[str]:
    """Tokens that prove nothing."""
    now = issuer.claims()["iat"]
    stranger, shared = RSAKey.generate_key(2048, parameters={"kid": "rsa"}), OctKey.import_key("x" * 64)
    good = issuer.token()
    head, body, signature = good.split(".")

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    made = [
        issuer.token(key=stranger), issuer.token("ec", key=ECKey.generate_key("P-256", parameters={"kid": "ec"})), issuer.token(aud="other"), issuer.token(aud=[]),
        issuer.token(aud=None), issuer.token(iss="http://127.0.0.1:9"), issuer.token(iss=issuer.issuer + "/"), issuer.token(iss=None), issuer.token(sub=None),
        issuer.token(sub=""), issuer.token(sub=7), issuer.token(sub="x" * 300), issuer.token(sub="a\nb"), issuer.token(exp=now - 31), issuer.token(exp=None),
        issuer.token(iat=None), issuer.token(iat=now + 31, exp=now + 300), issuer.token(nbf=now + 31), issuer.token(exp=now + 601), issuer.token(exp="soon"),
        issuer.token(exp=True), issuer.token(header={"alg": "RS512"}), issuer.token(header={"alg": "PS256"}),
        issuer.token(header={"jku": "http://127.0.0.1:9/keys"}), issuer.token(header={"jwk": stranger.as_dict(private=False)}), issuer.token(header={"x5u": "http://x"}),
f"{part({'alg': 'RS256', 'kid': 'rsa', 'crit': ['exp'], 'exp': 1})}.{body}.{signature}", issuer.token(header={"typ": "secevent+jwt"}), issuer.token(header={"kid": "none"}),
        issuer.token(header={"kid": "ec"}), issuer.token(header={"kid": "../rsa"}), issuer.token(header={"alg": "HS256"}, key=shared),
        f"{part({'alg': 'none', 'kid': 'rsa'})}.{body}.", f"{part({'alg': 'none'})}.{body}.{signature}", f"{part({'alg': 'NONE', 'kid': 'rsa'})}.{body}.x",
        f"{part({'alg': ['RS256'], 'kid': 'rsa'})}.{body}.{signature}", f"{part({'alg': 'rs256', 'kid': 'rsa'})}.{body}.{signature}", f"{part([])}.{body}.{signature}",
        f"{part('x')}.{body}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}", f"{head}.{body}.{signature[::-1]}", f"{head}..{signature}",
        f".{body}.{signature}", f"{head}.{part(issuer.claims(sub='admin'))}.{signature}", f"{head}.{part([1])}.{signature}", f"{head}.{part(None)}.{signature}",
        f"{head}.{body}.{signature}.{signature}", f"{head}.{body}", f"{head}.{body}.{signature}=", f" {head}.{body}.{signature} x", "..", "eyJ..", "eyJ.eyJ.eyJ",
        "eyJhbGciOiJub25lIn0.e30.", good.swapcase(), good[:-1], good + "A", "eyJ" + "A" * 9000 + ".e30.x", head + "." + body + "." + "é", "null", "Bearer",
    ]
    assert len(set(made)) >= 60
    return made


async def test_sixty_forged_tokens_open_nothing(cluster: PrivateCluster, impatient: None) -> None:
    async with provider() as issuer, started(cluster, "gateway", given=knobs(issuer)) as platform:
        await platform.drain()
        assert (await Visitor(platform, issuer.token()).ask("GET", "/api/v1/me")).status == 200
        bodies = set()
        for number, token in enumerate(forged(issuer)):
            headers = {"authorization": f"Bearer {token}".encode("utf-8", "replace").decode("latin-1")}
            answer = await Visitor(platform).ask("GET", "/api/v1/me", headers={**headers, "x-forwarded-for": f"10.0.0.{number}"})
            assert answer.status in {401, 429}, token
            if answer.status == 401:
                bodies.add(json.dumps({name: value for name, value in answer.json().items() if name != "request_id"}))
        assert len(bodies) == 1, "one body for every cause"


async def test_a_guesser_waits_and_nobody_else(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", given={"gateway": {"trusted_proxies": "127.0.0.1"}}) as platform:
        admin = await administrator(platform)
        here = {"x-forwarded-for": "192.0.2.7"}
        assert (await admin.ask("GET", "/api/v1/keys", headers=here)).status == 200
        new = (await admin.ask("POST", "/api/v1/keys", {"name": "n", "scopes": ["admin"]})).json()["key"]
        answers = [await Visitor(platform, f"ecrm_ak_guess{number}").ask("GET", "/api/v1/keys", headers=here) for number in range(35)]
        assert [answer.status for answer in answers] == [401] * 30 + [429] * 5
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
        assert (await admin.ask("GET", "/api/v1/keys", headers=here)).status == 200, "known here"
        assert (await Visitor(platform, new).ask("GET", "/api/v1/keys", headers=here)).status == 429
        assert (await Visitor(platform, new).ask("GET", "/api/v1/keys", headers={"x-forwarded-for": "192.0.2.8"})).status == 200
        meant = new.rsplit("_", 2)[0]
        for number in range(30):
            await Visitor(platform, f"{meant}_{number}_x").ask("GET", "/api/v1/keys", headers={"x-forwarded-for": f"198.51.100.{number}"})
        spread = await Visitor(platform, f"{meant}_z_x").ask("GET", "/api/v1/keys", headers={"x-forwarded-for": "203.0.113.1"})
        assert spread.status == 429, "one key guessed from many places"


async def test_bad_input(cluster: PrivateCluster) -> None:
    """Each row of the table in docs/gateway-people.md."""
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        good = {"name": "mina", "password": PASSWORD, "roles": ["viewer"]}
        assert (await admin.ask("POST", "/api/v1/people", {**good, "password": "short"})).status == 422
        assert (await admin.ask("POST", "/api/v1/people", {**good, "name": "a b"})).status == 422
        assert (await admin.ask("POST", "/api/v1/people", {**good, "roles": ["king"]})).json()["code"] == "roles.unknown"
        made = (await admin.ask("POST", "/api/v1/people", good)).json()
        assert (await admin.ask("POST", "/api/v1/people", good)).json()["code"] == "people.name_taken"
        assert (await admin.ask("PATCH", f"/api/v1/people/{made['id']}", {"roles": None})).json()["code"] == "people.not_null"
        role = {"scopes": ["customers:read"], "hides": []}
        assert (await admin.ask("PUT", "/api/v1/roles/viewer", role)).json()["code"] == "roles.built_in"
        assert (await admin.ask("PUT", "/api/v1/roles/unit", {**role, "scopes": ["all"]})).json()["code"] == "keys.unknown_scope"
        assert (await admin.ask("PUT", "/api/v1/roles/unit", {**role, "hides": ["everything"]})).json()["code"] == "roles.unknown_field"
        assert (await admin.ask("PUT", "/api/v1/roles/Unit", role)).status == 422
        assert (await admin.ask("DELETE", "/api/v1/roles/unit")).json()["code"] == "roles.unknown"
        form = urlencode({"grant_type": "client_credentials", "username": "a", "password": "b"}).encode()
        refused = await Visitor(platform).ask("POST", "/oidc/token", raw=form, headers={"content-type": "application/x-www-form-urlencoded"})
        assert refused.status == 422
        about = (await Visitor(platform).ask("GET", "/oidc/.well-known/openid-configuration")).json()
        keys = (await Visitor(platform).ask("GET", "/oidc/jwks.json")).json()["keys"]
        assert about["jwks_uri"].endswith("/oidc/jwks.json")
        assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x"]]
        assert {one["name"] for one in (await admin.ask("GET", "/api/v1/roles")).json()["data"]} == set(roles.BUILT_IN)
