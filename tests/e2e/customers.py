"""The customer service as one story over HTTP, for any shape: traits, the past, accounts, addresses, rules, merges, duplicates, search, lists."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.e2e.journey import until
from tests.support import people
from tests.support.upright import Upright


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def tell(up: Upright) -> None:
    """Everything that an employee does with customers, each step seen from outside."""
    tag = uuid.uuid4().hex[:8]
    ada = traits_and_their_past(up, tag)
    surroundings(up, tag, ada)
    rules_and_reviews(up, tag)
    merges_and_splits(up, tag)
    duplicates(up, tag)
    search(up, tag, ada)
    lists(up, tag)


def registered(up: Upright, *identities: str, **traits: Any) -> str:
    return str(up.ask("POST", "/api/v1/customers", {"identities": list(identities), "traits": traits}, expect=201)["id"])


def traits_and_their_past(up: Upright, tag: str) -> str:
    """A defined trait, a value that does not fit, an event's value, history, yesterday, and two who change at once."""
    plan = f"plan_{tag}"
    up.ask("PUT", f"/api/v1/traits/{plan}", {"schema": {"type": "string", "enum": ["free", "gold"]}}, expect=200 if _known(up, plan) else 201)
    ada = registered(up, f"user:ada-{tag}", email=f"ada.{tag}@shop.example", name=f"Ada Lovelace {tag}", **{plan: "free"})
    bad = up.ask("PATCH", f"/api/v1/customers/{ada}", {"traits": {plan: "silver"}}, expect=None)
    assert (bad.status_code, bad.json()["code"]) == (422, "customer.bad_trait")
    before = now()
    up.collect([{"type": "identify", "userId": f"ada-{tag}", "traits": {plan: "gold"}}])
    until(lambda: up.ask("GET", f"/api/v1/customers/{ada}")["traits"].get(plan) == "gold", "the event's trait is in the profile")
    assert up.ask("GET", f"/api/v1/customers/{ada}", params={"as_of": before})["traits"][plan] == "free"
    told = up.ask("GET", f"/api/v1/customers/{ada}/history", params={"trait": plan})["data"]
    assert [row["value"] for row in told] == ["gold", "free"]
    up.collect([{"type": "identify", "userId": f"ada-{tag}", "traits": {plan: 7}}])
    refused = until(lambda: up.ask("GET", f"/api/v1/traits/{plan}/refusals")["data"], "the value that does not fit is listed")
    assert refused[0]["reason"]
    read = up.ask("GET", f"/api/v1/customers/{ada}", expect=None).headers["etag"]
    up.ask("PATCH", f"/api/v1/customers/{ada}", {"traits": {"city": "Shiraz"}}, headers={"if-match": read})
    late = up.ask("PATCH", f"/api/v1/customers/{ada}", {"traits": {"city": "Yazd"}}, headers={"if-match": read}, expect=None)
    assert (late.status_code, late.json()["code"]) == (412, "customer.changed_meanwhile")
    return ada


def _known(up: Upright, trait: str) -> bool:
    return bool(up.ask("GET", f"/api/v1/traits/{trait}", expect=None).status_code == 200)


def surroundings(up: Upright, tag: str, ada: str) -> None:
    """An account with a member, addresses with states, choices, a need until it is met; and all of it before that."""
    before = now()
    firm = up.ask("POST", "/api/v1/accounts", {"type": "organisation", "identities": [f"account:{tag}"], "traits": {"name": f"Acme {tag}"}}, expect=201)["id"]
    up.ask("POST", f"/api/v1/accounts/{firm}/members", {"customer_id": ada, "role": "buyer", "primary": True}, expect=201)
    assert [one["customer_id"] for one in up.ask("GET", f"/api/v1/accounts/{firm}/members")["data"]] == [ada]
    second = {"kind": "email", "value": f"second.{tag}@shop.example", "state": "verified", "preferred": True}
    points = up.ask("PUT", f"/api/v1/customers/{ada}/contact-points", {"contact_points": [second]})["data"]
    assert (points[0]["value"], points[0]["used"]) == (second["value"], True)
    chosen = up.ask("PUT", f"/api/v1/customers/{ada}/preferences", {"language": "fa", "channels": {"*": "sms"}})
    assert (chosen["language"], chosen["channels"]) == ("fa", {"*": "sms"})
    need = up.ask("POST", f"/api/v1/customers/{ada}/needs", {"text": "A stroller"}, expect=201)["id"]
    assert up.ask("POST", f"/api/v1/customers/{ada}/needs/{need}/met")["met_at"]
    view = up.ask("GET", f"/api/v1/customers/{ada}")
    assert ([one["name"] for one in view["accounts"]], view["needs"]) == ([f"Acme {tag}"], [])
    past = {part: up.ask("GET", f"/api/v1/customers/{ada}/{part}", params={"as_of": before}) for part in ("accounts", "preferences", "needs")}
    assert (past["accounts"]["data"], past["preferences"]["channels"], past["needs"]["data"]) == ([], {}, [])


def rules_and_reviews(up: Upright, tag: str) -> None:
    """Two users with one address wait for a person, who says that they are not the same; the rules can be read and tried."""
    rules = up.ask("GET", "/api/v1/identity-rules", expect=None)
    assert rules.status_code == 200 and rules.headers["etag"]
    up.ask("POST", "/api/v1/identity-rules/preview", {"document": {"kinds": [{"kind": "email", "limit": 3}]}})
    late = up.ask("PUT", "/api/v1/identity-rules", {"document": {"kinds": []}, "reason": "t"}, headers={"if-match": '"999"'}, expect=None)
    assert (late.status_code, late.json()["code"]) == (412, "identity_rules.changed_meanwhile")
    for user in ("eve", "bob"):
        up.ask("POST", "/api/v1/customers?upsert=true", {"identities": [f"user:{user}-{tag}", f"ext:crm:{user}-{tag}"]}, expect=201)
    # a server says that the two share an external id
    up.ask("POST", "/api/v1/customers?upsert=true", {"identities": [f"user:bob-{tag}", f"ext:crm:eve-{tag}"]})

    def ours() -> list[dict[str, Any]]:
        return [one for one in up.all("/api/v1/identity-reviews", state="open") if tag in str(one)]

    (review,) = until(ours, "the pair waits for a person")
    assert review["reason"] == "two_user_ids"
    decided = up.ask("POST", f"/api/v1/identity-reviews/{review['id']}/decision", {"decision": "not_same", "reason": "siblings"})
    assert decided["state"] == "not_same"
    assert not ours()


def merges_and_splits(up: Upright, tag: str) -> None:
    """Looked at before, done, undone; one identity taken out and put back."""
    one, two = registered(up, f"user:m1-{tag}", city="Shiraz"), registered(up, f"user:m2-{tag}", city="Yazd")
    shown = up.ask("POST", "/api/v1/merges/preview", {"survivor_id": one, "merged_id": two})
    assert [row["trait"] for row in shown["conflicts"]] == ["city"]
    merge = up.ask("POST", "/api/v1/merges", {"survivor_id": one, "merged_id": two}, expect=201)["merge_id"]
    assert up.ask("GET", f"/api/v1/customers/{two}")["id"] == one
    undone = up.ask("POST", f"/api/v1/merges/{merge}/undo")
    assert (undone["customer_id"], undone["sent"]) == (two, [])
    assert up.ask("GET", undone["meanwhile"]["messages"])["data"] == []
    assert up.ask("GET", f"/api/v1/customers/{two}")["traits"]["city"] == "Yazd"
    up.collect([
        {"type": "identify", "userId": f"m1-{tag}", "anonymousId": f"tablet-{tag}"}, {"type": "track", "anonymousId": f"tablet-{tag}", "event": "Theirs"},
    ])
    until(lambda: up.customer(f"anon:tablet-{tag}")["id"] == one, "the device is theirs")
    path = f"/api/v1/customers/{one}/identities/anon:tablet-{tag}/split"
    assert up.ask("POST", f"{path}/preview")["goes"]["identities"] == [f"anon:tablet-{tag}"]
    split = up.ask("POST", path, {"reason": "a tablet of the family"}, expect=201)["customer_id"]
    entries = up.timeline(split, 1)
    assert [entry["name"] for entry in entries] == ["Theirs"]
    up.ask("POST", f"/api/v1/customers/{split}/identities/anon:tablet-{tag}/split/undo")
    assert up.customer(f"anon:tablet-{tag}")["id"] == one


def duplicates(up: Upright, tag: str) -> None:
    """A scan finds the same person twice; a person decides."""
    crowd = "".join(json.dumps({"user_id": f"p{place}-{tag}", **record.traits}) + "\n" for place, record in enumerate(people.records(300)))
    brought = up.ask(
        "POST", f"/api/v1/imports/file?name=crowd-{tag}", headers={"content-type": "application/x-ndjson"}, content=crowd.encode(), expect=202
    )["id"]
    until(lambda: up.ask("GET", f"/api/v1/imports/{brought}")["state"] == "done", "the crowd is there", seconds=60)
    same = {"birthday": "1990-12-10", "address": {"city": "London", "postcode": "W1A 1AA"}, "given_name": "Ada"}
    pair = {registered(up, f"ext:a:{tag}", **same, family_name="Byron"), registered(up, f"ext:b:{tag}", **same, family_name="Byronn")}
    scan = up.ask("POST", "/api/v1/duplicates/scans", expect=202)["id"]
    done = until(lambda: (one := up.ask("GET", f"/api/v1/duplicates/scans/{scan}"))["state"] in {"done", "failed"} and one, "the scan ends", seconds=90)
    assert done["state"] == "done", done
    (found,) = [each for each in up.all("/api/v1/duplicates", min_score=0.5) if pair == {each["low_id"], each["high_id"]}]
    low, high = found["low_id"], found["high_id"]
    up.ask("POST", f"/api/v1/duplicates/{low}/{high}/decision", {"decision": "merge", "reason": "the same"})
    assert up.ask("GET", f"/api/v1/customers/{low}")["id"] == up.ask("GET", f"/api/v1/customers/{high}")["id"]


def search(up: Upright, tag: str, ada: str) -> None:
    """By identity, words of the name, misspelt, part of an address."""
    for asked in (f"user:ada-{tag}", f"ada.{tag}@shop.example", f"lovelace {tag}", f"lovelase {tag}"):
        found = [one["id"] for one in up.ask("GET", "/api/v1/customers", params={"q": asked})["data"]]
        assert ada in found, asked


def lists(up: Upright, tag: str) -> None:
    """A file in, with one bad row; the whole out again; the import undone."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["user_id", "email", "given_name", "list"])
    writer.writerows([f"i{number}-{tag}", f"i{number}.{tag}@shop.example" if number else "no address", f"Name {number}", tag] for number in range(30))
    answer = up.ask(
        "POST", f"/api/v1/imports/file?name=people-{tag}", headers={"content-type": "text/csv"}, content=text.getvalue().encode(), expect=202
    )
    place = f"/api/v1/imports/{answer['id']}"
    done = until(lambda: (one := up.ask("GET", place))["state"] in {"done", "failed"} and one, "the import ends", seconds=60)
    assert (done["state"], done["created"], done["refused"]) == ("done", 29, 1), done
    assert [row["line"] for row in up.ask("GET", f"{place}/errors")["data"]] == [2]
    export = up.ask("POST", "/api/v1/exports", {"format": "csv"}, expect=202)["id"]
    until(lambda: up.ask("GET", f"/api/v1/exports/{export}")["state"] == "done", "the export ends", seconds=60)
    content = up.ask("GET", f"/api/v1/exports/{export}/content", expect=None)
    rows = [row for row in csv.DictReader(io.StringIO(content.text)) if row.get("list") == tag]
    assert len(rows) == 29
    up.ask("POST", f"{place}/undo", expect=202)
    until(lambda: up.ask("GET", place)["state"] == "undone", "the import is undone", seconds=60)
    deadline = time.monotonic() + 10
    while up.ask("GET", "/api/v1/customers", params={"identity": f"user:i3-{tag}"})["data"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert up.ask("GET", "/api/v1/customers", params={"identity": f"user:i3-{tag}"})["data"] == []
