"""How keys look, who owns which address, what may pass, and who is asking from where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import describing, keys, passing, routes


def test_a_new_key_has_all_its_parts() -> None:
    made = keys.new_key(keys.SOURCE)
    ecrm, kind, key_id, secret, check = made.text.split("_")
    assert (ecrm, kind, key_id) == ("ecrm", "wk", made.id)
    assert len(secret) == 52
    assert len(check) == 8
    assert keys.new_key(keys.SOURCE).text != made.text
    assert keys.by_hand(keys.SOURCE, made.text) == made
    assert keys.by_hand(keys.API, keys.new_key(keys.API).text) is not None
    wrong = made.text[:-1] + ("0" if made.text[-1] != "0" else "1")
    assert keys.by_hand(keys.SOURCE, wrong) is None, "a typing error is seen"


@pytest.mark.parametrize(
    ("text", "fits"),
    [("short12", False), ("12345678", True), ("x" * 64, True), ("x" * 65, False), ("with blank", False), ("with:colon", False), ("schlüssel", False), ('!"#~~~~~', True)],
)
def test_keys_set_by_hand(text: str, fits: bool) -> None:
    assert (keys.by_hand(keys.SOURCE, text) is not None) is fits


def test_an_api_key_by_hand_is_longer() -> None:
    assert keys.by_hand(keys.API, "x" * 15) is None
    assert keys.by_hand(keys.API, "x" * 16) is not None


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/v1/customers", "customer"), ("/api/v1/customers/1", "customer"), ("/api/v1/customers/1/identities", "customer"),
        ("/api/v1/customers/1/timeline", "interaction"), ("/api/v1/customers/1/orders", "interaction"), ("/api/v1/customers/1/scores", "analytics"),
        ("/api/v1/customers/1/consent", "consent"), ("/api/v1/customers/1/messages", "campaign"), ("/api/v1/customers/1/360", "gateway"),
        ("/api/v1/merges/1/undo", "customer"), ("/api/v1/interactions", "interaction"), ("/api/v1/quarantine", "interaction"),
        ("/api/v1/segments/preview", "analytics"), ("/api/v1/costs", "analytics"), ("/api/v1/campaigns/1/launch", "campaign"),
        ("/api/v1/consents/grants", "consent"), ("/api/v1/purposes", "consent"), ("/api/v1/keys/1", "gateway"), ("/api/v1/sources", "gateway"),
        ("/s/token", "interaction"), ("/api/v1/cases/1/replies", "interaction"), ("/api/v1/customers/1/cases", "interaction"),
        ("/api/v1/customers/1/notes", "interaction"), ("/api/v1/employees/import", "interaction"), ("/api/v1/teams", "interaction"),
        ("/api/v1/calendars", "interaction"), ("/api/v1/service-policies", "interaction"), ("/api/v1/case-rules", "interaction"),
        ("/api/v1/touchpoints/figures", "interaction"),
        ("/u/token", "consent"), ("/t/c/token", "campaign"), ("/schemas/track", "collector"), ("/schemas/segment", "analytics"),
        ("/openapi.json", "gateway"), ("/.well-known/ecrm-permit-keys.json", "consent"),
    ],
)
def test_every_address_has_one_owner(path: str, service: str) -> None:
    route = routes.find_route(path)
    assert route is not None
    assert route.service == service
    assert route.open is not path.startswith("/api/")


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/secrets", "/permits", "/internal/dead-letters", "/api/v1/dead-letters/nobody", "/documents/openapi.json"]
)
def test_what_is_not_listed_does_not_exist(path: str) -> None:
    assert routes.find_route(path) is None


def test_dead_letters_of_each_service() -> None:
    route = routes.find_route("/api/v1/dead-letters/campaign/0190/replay")
    assert route is not None
    assert (route.service, route.path, route.open) == ("campaign", "/internal/dead-letters/0190/replay", False)


def test_spoofed_and_hop_by_hop_headers_do_not_pass() -> None:
    spoofed = [
        b"x-user-id", b"x-source-id", b"x-forwarded-for", b"x-forwarded-host", b"x-ecrm-internal", b"x-ecrm-client-ip", b"connection",
        b"transfer-encoding", b"upgrade", b"forwarded", b"cookie",
    ]
    kept = [(b"accept-language", b"fa"), (b"sec-gpc", b"1"), (b"content-type", b"text/plain")]
    assert passing.passing([*kept, *((name, b"1") for name in spoofed)]) == kept


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("9.9.9.9", "1.1.1.1", "", "9.9.9.9"), ("10.0.0.1", "1.1.1.1", "10.0.0.1", "1.1.1.1"), ("10.0.0.1", "6.6.6.6, 1.1.1.1", "10.0.0.1", "1.1.1.1"),
        ("10.0.0.1", "1.1.1.1, 10.0.0.2", "10.0.0.1,10.0.0.2", "1.1.1.1"), ("10.0.0.1", "", "10.0.0.1", "10.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, trusted: str, client: str) -> None:
    assert passing.client_address(peer, forwarded, frozenset(trusted.split(","))) == client


@given(st.text(max_size=80))
def test_a_request_id_is_kept_only_when_harmless(text: str) -> None:
    kept = passing.request_id(text)
    assert kept is None or (kept == text and 8 <= len(text) <= 64 and all(sign.isascii() and (sign.isalnum() or sign in "-._") for sign in text))


def test_two_services_may_use_one_schema_name() -> None:
    def part(kind: str) -> dict[str, object]:
        told = {"discriminator": {"propertyName": "kind", "mapping": {kind: "#/components/schemas/View"}}}
        answer = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/View"}}}}
        return {
            "paths": {f"/api/v1/{kind}": {"get": {"operationId": "list", "responses": {"200": answer}}}},
            "components": {"schemas": {"View": {"title": kind, "properties": {"more": {"items": {"$ref": "#/components/schemas/View"}}}, **told}}},
        }

    whole = describing.merged({"a": part("as"), "b": part("bs")}, version="1", server="http://x")
    assert {whole["components"]["schemas"][name]["title"] for name in ("a.View", "b.View")} == {"AView", "BView"}, "a class of its own for each"
    assert whole["components"]["schemas"]["b.View"]["properties"]["more"]["items"]["$ref"] == "#/components/schemas/b.View"
    assert whole["components"]["schemas"]["b.View"]["discriminator"]["mapping"] == {"bs": "#/components/schemas/b.View"}
    operations = [operation for item in whole["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert {"/v1/track", "/v1/batch", "/v1/events", "/api/v1/as", "/api/v1/bs"} <= set(whole["paths"])
