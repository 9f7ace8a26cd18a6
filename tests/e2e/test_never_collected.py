"""R8: after sensitive browsing no file of the whole platform holds a trace of it: databases, their write-ahead log, the event log, DuckDB, logs."""

from __future__ import annotations

import base64
import time
import uuid

import httpx2

from tests.support.upright import Upright


def where(up: Upright, planted: str) -> list[str]:
    """Files that hold the text in some form; those that come and go meanwhile are left out."""
    text = planted.encode()
    forms = [text, text.hex().encode(), planted.encode("utf-16-le"), *(base64.b64encode(b" " * shift + text)[4:-4] for shift in range(3))]
    found = []
    for path in [*up.data.rglob("*"), *up.data.parent.glob("*.log")]:
        try:
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        except OSError:
            continue
        if any(form in content for form in forms):
            found.append(str(path.relative_to(up.data.parent)))
    return found


def test_no_file_of_the_platform_holds_a_trace(up: Upright) -> None:
    planted, harmless = f"planted{uuid.uuid4().hex}", f"harmless{uuid.uuid4().hex}"
    rules = {"paths": ["/health/*"], "events": ["Therapy *"], "fields": ["diagnosis"]}
    made = up.ask("POST", "/api/v1/sources", {"name": "clinic", "kind": "browser", "never": rules}, expect=201)
    time.sleep(1.5)
    user = f"u{uuid.uuid4().hex[:8]}"
    batch = [
        {"type": "track", "userId": user, "event": "Product Viewed", "properties": {"title": harmless, "diagnosis": planted}},
        {"type": "page", "anonymousId": planted, "context": {"page": {"path": f"/health/{planted}", "title": planted}}},
        {"type": "track", "userId": user, "event": f"Therapy {planted}", "properties": {"x": planted}},
        {"type": "nonsense", "userId": user, "properties": {"diagnosis": planted}},
        {"type": "identify", "userId": user, "traits": {"diagnosis": planted, "plan": harmless}},
    ]
    answer = httpx2.post(up.url + "/v1/batch", json={"batch": batch}, auth=(made["key"], ""), timeout=30)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 4)
    up.timeline(up.customer(f"user:{user}")["id"], 2)
    deadline = time.monotonic() + 20
    while (drops := up.ask("GET", f"/api/v1/sources/{made['id']}/drops")["data"]) == [] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {drop["reason"]: drop["count"] for drop in drops} == {"path": 1, "event": 1, "field": 3}
    time.sleep(2)  # what is written late is written
    assert where(up, harmless), "the scan sees what is there"
    assert where(up, planted) == []
