"""Consent as one story over HTTP, for any shape: a purpose, double opt-in, old consents, a permitted mail, the person's own page, proof, erasure."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.e2e.journey import Box, campaign, until
from tests.support.upright import ROOT, Upright

FORM = {"sec-fetch-site": "same-origin"}


def tell(up: Upright, box: Box, folder: Path) -> None:
    """What a privacy officer and a customer do, each step seen from outside; `folder` takes the exported proof."""
    tag = uuid.uuid4().hex[:8]
    trusted = folder / "keys.json"
    trusted.write_text(httpx2.get(f"{up.url}/.well-known/ecrm-permit-keys.json").text)
    ada, bob = (
        up.ask("POST", "/api/v1/customers", {"identities": [f"user:{name}-{tag}"], "traits": {"email": f"{name}.{tag}@x.example", "name": name, "tag": tag}}, expect=201)["id"]
        for name in ("ada", "bob")
    )
    double_opt_in(up, tag, ada)
    old_consents(up, tag, bob)
    signal(up, tag, ada)
    page = written_to(up, box, tag, [ada, bob])
    own_page(up, page, ada)
    receipt(up, folder, trusted, ada)
    archived(up, folder, ada)
    proof(up, folder / "before", trusted)
    withdrawn_everywhere(up, box, tag, bob)
    erased(up, bob)
    proof(up, folder / "after", trusted)


def standing(up: Upright, customer: str, purpose: str, channel: str) -> str:
    found = up.ask("GET", f"/api/v1/customers/{customer}/consent")["purposes"]
    return str(next(one for one in found if one["purpose"] == purpose)["channels"][channel]["state"])


def double_opt_in(up: Upright, tag: str, ada: str) -> None:
    """U41: pending until the person confirms; looking at the page confirms nothing."""
    up.ask("POST", "/api/v1/purposes", {
        "purpose": f"letter-{tag}", "basis": "double_opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "Letter", "fa": "نامه"},
        "wording": {"en": "You may write to me.", "fa": "می‌توانید به من بنویسید."}, "expires_after_days": 730,
    }, expect=201)
    asked = until(
        lambda: (answer := up.ask(
            "POST", "/api/v1/consents/grants", {"identity": f"email:ada.{tag}@x.example", "purpose": f"letter-{tag}", "source": "footer", "language": "fa", "confirm": "caller"}, expect=None,
        )).status_code == 201 and answer.json(), "the grant is taken",
    )
    assert asked["state"] == "pending"
    link = up.url + urlsplit(asked["confirm_url"]).path
    until(lambda: [line["state"] for line in up.ask("GET", f"/api/v1/customers/{ada}/consent")["data"]] == ["pending"], "her ledger has it")
    assert 'dir="rtl"' in httpx2.get(link, headers={"accept-language": "fa"}).text
    assert standing(up, ada, f"letter-{tag}", "email") == "unspoken"
    assert httpx2.post(link).status_code == 200
    assert standing(up, ada, f"letter-{tag}", "email") == "granted"


def old_consents(up: Upright, tag: str, bob: str) -> None:
    """Rows with evidence are taken once, others are named with line and reason."""
    rows = f"email,purpose,channel,state,said_at,evidence\nbob.{tag}@x.example,marketing,email,granted,2025-05-01,form 17\nbob.{tag}@x.example,marketing,sms,granted,2025-05-01,\n"

    def state(where: str) -> dict[str, Any]:
        found: dict[str, Any] = until(lambda: (one := up.ask("GET", where))["state"] == "done" and one, "the file is read")
        return found

    for expected in (1, 0):
        headers = {"authorization": f"Bearer {up.admin_key}", "content-type": "text/csv"}
        started = httpx2.post(f"{up.url}/api/v1/consents/imports", params={"name": f"fair {tag}"}, content=rows.encode(), headers=headers)
        assert started.status_code == 202, started.text
        where = f"/api/v1/consents/imports/{started.json()['id']}"
        done = state(where)
        assert (done["recorded"], done["refused"]) == (expected, 1)
        assert [fault["line"] for fault in up.ask("GET", f"{where}/errors")["data"]] == [3]
    until(lambda: standing(up, bob, "marketing", "email") == "granted", "the old consent counts")


def signal(up: Upright, tag: str, ada: str) -> None:
    """A browser's Global Privacy Control becomes a refusal with its source."""
    event = {"type": "track", "userId": f"ada-{tag}", "event": "Seen"}
    answer = httpx2.post(f"{up.url}/v1/batch", json={"batch": [event]}, auth=(up.source_key, ""), headers={"sec-gpc": "1"})
    assert answer.status_code == 200
    until(lambda: standing(up, ada, "profiling", "data") == "withdrawn", "the signal is a withdrawal")


def written_to(up: Upright, box: Box, tag: str, everybody: list[str]) -> str:
    """Only who said yes gets the mail; it leads to the person's own page, whose address this returns."""
    up.ask("POST", "/api/v1/consents/grants", {"customer_id": everybody[0], "purpose": "marketing", "channel": "email", "source": "test"}, expect=201)
    rule = {"trait": "tag", "op": "eq", "value": tag}
    segment = up.ask("POST", "/api/v1/segments", {"name": f"Consents {tag}", "rule": rule}, expect=201)["id"]
    until(lambda: len(up.ask("GET", f"/api/v1/segments/{segment}/members")["data"]) == 2, "both are in the segment")
    report = campaign(up, segment, f"Asked first {tag}")
    assert (report["planned"], report["accepted"]) == (2, 2)
    (mail,) = box.mails[f"ada.{tag}@x.example"]
    html = mail.get_body(("html",))
    assert html is not None
    link = re.search(r'href="([^"]*/p/[^"]+)"', html.get_content())
    assert link is not None
    return up.url + urlsplit(link.group(1)).path


def own_page(up: Upright, page: str, ada: str) -> None:
    """U41, R2: seen without a key and changed without a script; what is withdrawn counts at once."""
    seen = httpx2.get(page, params={"lang": "fa"}).text
    assert 'lang="fa" dir="rtl"' in seen
    allowed = set(re.findall(r'name="allow" value="([^"]+)" checked', seen))
    assert "marketing/email" in allowed
    form = re.search(r'name="form" value="([^"]+)"', seen)
    assert form is not None
    fields: dict[str, Any] = {"form": form.group(1), "action": "choices", "allow": sorted(allowed - {"marketing/email"})}
    assert httpx2.post(page, data=fields, headers=FORM).status_code == 303
    assert standing(up, ada, "marketing", "email") == "withdrawn"


def receipt(up: Upright, folder: Path, trusted: Path, ada: str) -> None:
    """A receipt is checked without the platform; one changed word and it does not hold."""
    entry = up.ask("GET", f"/api/v1/customers/{ada}/consent")["data"][0]["entry_id"]
    given = up.ask("GET", f"/api/v1/customers/{ada}/consents/{entry}/receipt")
    file = folder / "receipt.json"
    file.write_text(json.dumps(given))
    assert audit("verify-receipt", file, "--trusted", trusted).returncode == 0
    file.write_text(json.dumps(given).replace("marketing", "marketinc"))
    assert audit("verify-receipt", file, "--trusted", trusted).returncode == 1


def archived(up: Upright, folder: Path, ada: str) -> None:
    """U43: a copy from all services, downloaded by a link without a key."""
    body = {"customer_id": ada, "kind": "access", "language": "fa", "verified_by": "identity card"}
    request = up.ask("POST", "/api/v1/privacy/requests", body, expect=201)["id"]
    link = until(lambda: (up.ask("GET", f"/api/v1/privacy/requests/{request}").get("archive") or {}).get("download_url"), "the archive is made", seconds=60)
    file = folder / "copy.zip"
    file.write_bytes(httpx2.get(up.url + urlsplit(link).path).content)
    with zipfile.ZipFile(file) as archive:
        assert {"customer.json", "interaction.json", "analytics.json", "campaign.json", "consent.json", "receipts.json", "index.html"} <= set(archive.namelist())
        assert 'dir="rtl"' in archive.read("index.html").decode()


def proof(up: Upright, folder: Path, trusted: Path) -> None:
    """N1: chain, roots, permits and messages prove themselves from files alone."""
    done = audit("export", folder, "--url", up.url, "--key", up.admin_key)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = audit("verify", folder, "--trusted", trusted)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "holds" in checked.stdout


def withdrawn_everywhere(up: Upright, box: Box, tag: str, bob: str) -> None:
    """R2: the answer says from when on; the next campaign plans him and sends nothing."""
    said = up.ask("POST", "/api/v1/consents/withdrawals", {"customer_id": bob, "purpose": "marketing"}, expect=None)
    assert said.status_code in {200, 201}
    assert said.json()["effective_at"]
    segment = next(one["id"] for one in up.all("/api/v1/segments") if one["name"] == f"Consents {tag}")
    report = campaign(up, segment, f"After no {tag}")
    assert (report["accepted"], report["suppressed"]) == (0, 2)
    assert len(box.mails[f"bob.{tag}@x.example"]) == 1


def erased(up: Upright, bob: str) -> None:
    """U43: all services acknowledge; the certificate is signed."""
    body = {"customer_id": bob, "kind": "erasure", "verified_by": "identity card"}
    request = up.ask("POST", "/api/v1/privacy/requests", body, expect=201)["id"]
    up.ask("POST", f"/api/v1/privacy/requests/{request}/erase", expect=202)
    until(lambda: up.ask("GET", f"/api/v1/privacy/requests/{request}")["state"] == "completed", "all have erased", seconds=60)
    assert up.ask("GET", f"/api/v1/privacy/requests/{request}/certificate")["signature"]


def audit(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", "audit", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )
