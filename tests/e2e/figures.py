"""Analytics as one story over HTTP, for any shape: facts become a live segment, a metric with its rows, a report, a copy and an answer in SQL."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta

from tests.e2e.journey import Box, until
from tests.support.upright import Upright

BUYERS = 5
MAIL = """<mjml><mj-body><mj-section><mj-column><mj-text>{{ data.report.name }}: {{ data.report.figures.visitors }} visitors for {{ customer.fair_role }}</mj-text>
<mj-text><a href="{{ unsubscribe_url }}">unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>"""


def tell(up: Upright, box: Box) -> None:
    """What an analyst does, each step seen from outside."""
    tag = uuid.uuid4().hex[:8]
    day = datetime.now(UTC).date()
    window = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=2))}
    rule = {"event": "Fair Visited", "where": [{"property": "fair", "op": "eq", "value": tag}]}
    segment = up.ask("POST", "/api/v1/segments", {"name": f"Fair {tag}", "rule": rule}, expect=201)["id"]
    up.collect([{"type": "identify", "userId": f"f{number}-{tag}", "traits": {"fair": tag}} for number in range(BUYERS)])
    up.collect([{"type": "track", "userId": f"f{number}-{tag}", "event": "Fair Visited", "properties": {"fair": tag, "price": 10 + number}} for number in range(BUYERS)])
    members = until(
        lambda: (found := up.ask("GET", f"/api/v1/segments/{segment}/members")["data"]) and len(found) == BUYERS and found, "visitors are members"
    )
    why = up.ask("GET", f"/api/v1/segments/{segment}/why/{members[0]['customer_id']}")
    assert (why["holds"], why["clauses"][0]["seen"]) == (True, "1")

    before = up.ask("GET", "/api/v1/metrics/repeat_rate", params={**window, "segment": segment})
    assert (before["value"], before["reason"]) == (None, "no_customers")
    up.collect([
        {"type": "track", "userId": f"f{number}-{tag}", "event": "Order Completed", "properties": {"order_id": f"o{number}-{time}-{tag}", "total": 20, "currency": "EUR"}}
        for number in range(2) for time in range(2 - number)
    ])
    metric = until(
        lambda: (found := up.ask("GET", "/api/v1/metrics/repeat_rate", params={**window, "segment": segment}))["denominator"] == 2 and found, "the orders are counted"
    )
    assert (metric["value"], metric["numerator"]) == (0.5, 1)
    rows = up.ask("GET", "/api/v1/metrics/repeat_rate/rows", params={**window, "segment": segment})["data"]
    assert sum(row["numerator"] for row in rows) == 1
    funnel = up.ask("POST", "/api/v1/funnels", {"steps": [{"event": "Fair Visited", "where": rule["where"]}, {"event": "Order Completed"}], "segment": segment})
    assert [step["count"] for step in funnel["steps"]] == [BUYERS, 2]

    sql = f"SELECT count(*) FROM events WHERE name = 'Fair Visited' AND json_extract_string(properties, '$.fair') = '{tag}'"
    assert up.ask("POST", "/api/v1/queries", {"sql": sql})["rows"] == [[BUYERS]]
    refused = up.ask("POST", "/api/v1/queries", {"sql": "SELECT * FROM read_csv('/etc/passwd')"}, expect=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "query.refused")
    copied = up.ask("GET", "/api/v1/warehouse/tables/events", params={"format": "csv"}, expect=None)
    assert sum(tag in row["properties"] and row["name"] == "Fair Visited" for row in csv.DictReader(io.StringIO(copied.text))) == BUYERS

    address = f"head.{tag}@shop.example"
    head = up.ask("POST", "/api/v1/customers", {"identities": [f"user:head-{tag}"], "traits": {"email": address, "name": "Head", "fair_role": "lead"}}, expect=201)["id"]
    template = up.ask("POST", "/api/v1/templates", {"name": f"Figures {tag}", "locales": {"en": {"subject": "{{ data.report.name }}", "body": MAIL}}}, expect=201)["id"]
    report = up.ask("POST", "/api/v1/reports", {
        "name": f"Fair {tag}", "figures": [{"key": "visitors", "sql": sql}, {"key": "members", "segment": segment}, {"key": "again", "metric": "repeat_rate", "segment": segment}],
        "every": "day", "at": "06:00", "recipients": [{"customer_id": head, "template_id": template}], "from_address": "figures@shop.example",
    }, expect=201)
    assert up.ask("GET", f"/api/v1/reports/{report['id']}/figures")["figures"]["visitors"] == BUYERS
    run = up.ask("POST", f"/api/v1/reports/{report['id']}/runs", expect=201)
    assert (run["figures"]["visitors"], run["figures"]["members"]) == (BUYERS, BUYERS)
    assert [one["id"] for one in up.ask("GET", f"/api/v1/reports/{report['id']}/runs")["data"]] == [run["id"]]
    where = f"/api/v1/reports/{report['id']}/runs/{run['id']}"
    (delivery,) = until(lambda: [one for one in up.ask("GET", where)["deliveries"] if one["tries"]], "the mail is handed over")
    assert (delivery["state"], delivery["reason"]) == ("accepted", None)
    ended = until(
        lambda: (found := up.ask("GET", f"/api/v1/messages/{delivery['message_id']}"))["state"] not in {"planned", "permitted", "handing_off"} and found, "the mail is sent"
    )
    assert (ended["state"], ended["reason"]) == ("accepted", None), ended
    (mail,) = until(lambda: box.mails.get(address), "the report is mailed")
    assert mail["subject"] == f"Fair {tag}"
    html = mail.get_body(("html",))
    assert html is not None
    assert "5.0 visitors" in html.get_content() or "5 visitors" in html.get_content()
    unused = up.ask("GET", "/api/v1/attributes/unused")
    assert "templates" in unused["looked_at"]
    assert "fair_role" not in {one["name"] for one in unused["data"]}

    beside = up.ask("POST", "/api/v1/relations/beside", {"segment": segment, "customer_id": members[0]["customer_id"]})
    assert (beside["members"], beside["belongs"]) == (BUYERS, True)
    assert any(one["name"] == f"Fair {tag}" for one in up.ask("GET", "/api/v1/freshness")["data"])
    up.ask("DELETE", f"/api/v1/reports/{report['id']}", expect=204)
    up.ask("DELETE", f"/api/v1/segments/{segment}", expect=204)
