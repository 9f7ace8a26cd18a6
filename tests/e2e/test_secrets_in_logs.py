"""No secret and nobody's data stands in the logs of a whole story; what the first start shows on the screen is meant for the screen."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx2

from tests.support.upright import Upright

PASSWORD = "violet engine paper moon"
EMAIL, PHONE, CARD, NAME = "zarrin.logscan@shop.example", "+989121110077", "4111111111111111", "Zarrintaj Logscanova"


def test_a_whole_story_leaves_no_secret_in_the_logs(up: Upright) -> None:
    wanted = {**planted(up.data), **story(up)}
    lines = (up.data.parent / f"{up.data.name}.log").read_text(errors="replace").splitlines()
    shown = [line for line in lines if line.startswith(("administrator key", "source key"))]
    assert len(shown) <= 2, "once, on the screen of the first start"
    text = "\n".join(line for line in lines if line not in shown)
    assert "token_refused" in text, "there are logs to look at"
    assert sorted(name for name, secret in wanted.items() if any(form in text for form in forms(secret))) == []
    assert not re.search(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.", text), "no token"


def planted(data: Path) -> dict[str, str]:
    """Every secret of the deployment by its place."""
    made: dict[str, Any] = json.loads((data / "secrets.json").read_text())
    found = {f"secrets.json {name}": value for name, value in made.items() if isinstance(value, str)}
    found |= {f"signing key of {name}": key["d"] for name, key in made["signing_keys"].items()}
    keys = json.loads((data / "keys.json").read_text())
    return found | {name: value for name, value in keys.items() if name.endswith("_key")}


def story(up: Upright) -> dict[str, str]:
    """Someone comes, is written about, signs in, is refused; keys and webhooks are made. What must not be told of it."""
    told = {"e-mail": EMAIL, "phone": PHONE, "card": CARD, "name": NAME, "password": PASSWORD}
    key = up.ask("POST", "/api/v1/keys", {"name": "log scan", "scopes": ["customers:read", "customers:write"]}, expect=201)
    told["API key"] = key["key"]
    up.ask("POST", "/api/v1/people", {"name": "log-scan", "password": PASSWORD, "roles": ["agent"]}, expect=201)
    form = {"grant_type": "password", "username": "log-scan", "password": PASSWORD}
    token = httpx2.post(up.url + "/oidc/token", data=form, timeout=30).json()["access_token"]
    told["token's signature"] = token.rsplit(".", 1)[1]
    assert httpx2.post(up.url + "/oidc/token", data={**form, "password": PASSWORD + "!"}, timeout=30).status_code == 422
    hook = up.ask("POST", "/api/v1/webhooks", {"url": "https://93.184.216.34/hook", "events": ["ecrm.gateway.source_changed.v1"]}, expect=None)
    assert hook.status_code == 201
    told["webhook's secret"] = hook.json()["secret"]
    up.ask("DELETE", f"/api/v1/webhooks/{hook.json()['id']}", expect=204)  # nothing is ever brought there
    identities = [f"email:{EMAIL}", f"phone:{PHONE}"]
    customer = up.ask("POST", "/api/v1/customers", {"identities": identities, "traits": {"name": NAME}}, expect=201)["id"]
    up.collect([{"type": "identify", "userId": "log-scan", "traits": {"email": EMAIL, "phone": PHONE, "name": NAME}}])
    up.collect([{"type": "track", "userId": "log-scan", "event": "Paid", "properties": {"card": CARD, "note": NAME}}])
    for path in (f"/api/v1/customers?q={EMAIL}", f"/api/v1/customers?identity=email:{EMAIL}", f"/api/v1/customers/{customer}/360"):
        up.ask("GET", path, expect=None, key=token)
    # what goes wrong is logged, and must not quote what came
    up.ask("POST", "/api/v1/customers", {"identities": identities, "traits": {"name": NAME}}, expect=409)
    up.ask("POST", "/api/v1/customers", {"identities": [f"email:{EMAIL}\n"], "nonsense": CARD}, expect=422)
    up.ask("GET", f"/api/v1/customers/{EMAIL}", expect=422)
    wrong = key["key"][:-6] + "aaaaaa"
    assert up.ask("GET", "/api/v1/customers", expect=None, key=wrong).status_code == 401
    told["wrong key"] = wrong
    assert up.ask("GET", "/api/v1/customers", expect=None, key=token + "x").status_code == 401
    return told


def forms(secret: str) -> set[str]:
    """As it is, quoted, and as bytes are written."""
    raw = secret.encode()
    return {secret, json.dumps(secret)[1:-1], raw.hex(), base64.b64encode(raw).decode().rstrip("=")[:-2]}
