"""`ecrm audit rotate-key`: another key signs, what the first one signed still holds, offline too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.consents import audit
from tests.support.upright import Upright


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_an_old_receipt_and_the_whole_ledger_hold_after_a_rotation(up: Upright, tmp_path: Path) -> None:
    """N12, N1: receipts given out under the first key, and an export over both keys."""
    person = up.ask("POST", "/api/v1/customers?upsert=true", {"identities": ["user:rotating"], "traits": {}}, expect=None).json()["id"]
    grant = {"customer_id": person, "purpose": "marketing", "channel": "email", "source": "form", "evidence": {}}
    entry = up.ask("POST", "/api/v1/consents/grants", grant, expect=201)["entry_id"]
    old = up.ask("GET", f"/api/v1/customers/{person}/consents/{entry}/receipt")
    rotated = audit("rotate-key", "--url", up.url, "--key", up.admin_key)
    assert rotated.returncode == 0 and f"endorsed by {old['signature']['kid']}" in rotated.stdout.replace("\n", " "), rotated.stdout + rotated.stderr
    new = up.ask("GET", f"/api/v1/customers/{person}/consents/{entry}/receipt")
    assert new["signature"]["kid"] != old["signature"]["kid"]
    keys = up.ask("GET", "/.well-known/ecrm-permit-keys.json")
    assert {old["signature"]["kid"], new["signature"]["kid"]} <= {key["kid"] for key in keys["keys"]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    for name, receipt in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(receipt))
        held = audit("verify-receipt", tmp_path / f"{name}.json", "--trusted", tmp_path / "keys.json")
        assert held.returncode == 0, held.stdout
    assert audit("export", tmp_path / "audit", "--url", up.url, "--key", up.admin_key).returncode == 0
    checked = audit("verify", tmp_path / "audit", "--trusted", tmp_path / "keys.json")
    assert checked.returncode == 0, checked.stdout
    refused = audit("rotate-key", "--url", up.url, "--key", "nonsense")
    assert refused.returncode == 1
