"""The nine uses of information about customers as one story over HTTP, for any shape: from events to a model, its scores told, a mail and a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.e2e.journey import mailbox, until
from tests.e2e.rounds import Round
from tests.support.upright import Upright

BODY = """<mjml><mj-body><mj-section><mj-column><mj-text>{%% if data.scores["computed:often_%s"] >= 10 %%}For those who come often{%% else %%}For everybody{%% endif %%}
of group {{ data.scores["cluster:%s"] }}</mj-text><mj-text><a href="{{ unsubscribe_url }}">unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>"""
PEOPLE = 32


def tell(up: Upright) -> None:
    """M12, A16: the nine verbs in a row, each at the door that /verbs names; a rule as a condition in a mail; a model's scores told to all services."""
    play = Knowing(up)
    done = {
        "acquire": play.acquire, "store": play.store, "extract": play.extract, "integrate": play.integrate, "process": play.process, "interpret": play.interpret,
        "distribute": play.distribute, "apply": play.apply, "report": play.report,
    }
    verbs = up.ask("GET", "/api/v1/verbs")["data"]
    assert [one["verb"] for one in verbs] == list(done)
    for one in verbs:
        done[one["verb"]](one["path"])


class Knowing:
    """Thirty-two people of two kinds; the first of each says yes to mails."""

    def __init__(self, up: Upright) -> None:
        self.up = up
        self.round = Round(up)
        self.tag = self.round.tag
        self.names = [f"p{number}" for number in range(PEOPLE)]
        self.trait = self.model = self.hook = ""

    def acquire(self, path: str) -> None:
        assert path == "/v1/batch"
        for number, name in enumerate(self.names):
            self.round.come(name, views=1, **{f"income_{self.tag}": 1000 + number if number % 2 else 9000 + number})
        for name in self.names[:8]:
            self.round.order(name, 10.0)
        self.round.order(self.names[1], 15.0)
        self.round.meet(*self.names[:2])

    def store(self, path: str) -> None:
        entries = self.up.timeline(self.round.ids[self.names[0]], 3)
        assert path.endswith("/timeline")
        assert {"Product Viewed", "Order Completed"} <= {entry["name"] for entry in entries}

    def extract(self, path: str) -> None:
        headers = {"authorization": f"Bearer {self.up.admin_key}"}

        def rows() -> int:
            answer = httpx2.get(self.up.url + path.replace("{table}", "orders"), params={"format": "csv"}, headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            return sum(row["order_id"].startswith(f"o-{self.tag}-") for row in csv.DictReader(io.StringIO(answer.text)))

        until(lambda: rows() == 9, "the orders are in columns", seconds=60)

    def integrate(self, path: str) -> None:
        found = self.up.ask("GET", path.replace("{id}", self.round.ids[self.names[0]]))
        kinds = {one["kind"] for one in found["data"]}
        assert {"user", "email"} <= kinds
        assert len(found["data"]) >= 3

    def process(self, path: str) -> None:
        self.trait = f"often_{self.tag}"
        rule = {"all": [{"trait": "tag", "op": "eq", "value": self.tag}, {"orders": {"measure": "count", "op": "gte", "value": 2}}]}
        made = self.up.ask("POST", "/api/v1/computed-traits", {"name": self.trait, "definition": {"points": [{"rule": rule, "points": 10}]}}, expect=201)
        values = path.replace("{id}", made["id"])
        until(lambda: [one["customer_id"] for one in self.up.ask("GET", values)["data"]] == [self.round.ids[self.names[1]]], "the points are given", seconds=60)

    def interpret(self, path: str) -> None:
        assert self.up.ask("GET", path, params={"kind": "together"})["formula"]
        # What is told from here on is what the next verb sees.
        self.hook = self.up.ask("POST", "/api/v1/webhooks", {"url": "https://shop.example/hook", "events": ["ecrm.analytics.score_changed.v1"]}, expect=201)["id"]
        self.model = f"m{self.tag}"
        wanted = {"name": self.model, "attributes": [f"trait:income_{self.tag}"], "clusters": 2}
        people = {"trait": f"income_{self.tag}", "op": "exists", "value": True}
        until(lambda: self.up.ask("POST", "/api/v1/segments/preview", {"rule": people})["count"] == PEOPLE, "everybody is known", seconds=60)
        begun = self.up.ask("POST", "/api/v1/models/clusters/fits", wanted, expect=202)
        fit = self._ended(f"/api/v1/models/clusters/fits/{begun['fit_id']}")
        assert (fit["state"], fit["error"], fit["scored"], fit["progress"]) == ("done", "", PEOPLE, 1)
        assert sorted(one["customers"] for one in fit["explanation"]["profiles"]) == [PEOPLE // 2, PEOPLE // 2]

    def _ended(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = until(lambda: (one := self.up.ask("GET", path))["state"] in {"done", "failed"} and one, "the fit has ended", seconds=120)
        return found

    def distribute(self, path: str) -> None:
        """Told to the outside (signed messages wait for the address), and heard back by analytics: a segment asks for the score."""
        def told() -> list[dict[str, Any]]:
            return self.up.all(f"{path}/{self.hook}/deliveries", event_type="ecrm.analytics.score_changed.v1")

        until(lambda: len(told()) >= PEOPLE, "the scores were told", seconds=60)
        up, mine = self.up, f"cluster:{self.model}"
        content = up.ask("GET", f"{path}/{self.hook}/deliveries/{told()[-1]['id']}")
        assert "score_changed" in str(content)
        up.ask("DELETE", f"{path}/{self.hook}", expect=204)
        group = up.ask("GET", f"/api/v1/customers/{self.round.ids[self.names[0]]}/scores")
        value = next(one["value"] for one in group["data"] if one["score"] == mine)
        segment = up.ask("POST", "/api/v1/segments", {"name": f"Group {self.tag}", "rule": {"score": {"name": mine, "op": "eq", "value": float(value)}}}, expect=201)["id"]
        until(lambda: len(up.ask("GET", f"/api/v1/segments/{segment}/members")["data"]) == PEOPLE // 2, "the segment hears the scores", seconds=60)

    def apply(self, path: str) -> None:
        """The rule is a condition in the mail; who gets it follows from the model's score."""
        self.round.grant(*self.names[:2])
        template = self.round.template(body=BODY % (self.tag, self.model))
        programme = self.up.ask("POST", "/api/v1/programmes", {"name": f"Known {self.tag}", "settings": {
            "kind": "individual", "sender": {"from_address": "hello@shop.example"}, "entry": {"scores": {f"cluster:{self.model}": {"at_least": 1}}},
            "steps": [{"template_id": template}], "exit_on_order": False,
        }}, expect=201)["id"]
        with mailbox(self.up.smtp_port) as box:
            self.up.ask("POST", path.replace("{id}", programme))
            until(lambda: sum(self.round.address(name) in box.mails for name in self.names) == 2, "both mails have come", seconds=60)
        texts = [self._text(box.mails[self.round.address(name)][0]) for name in self.names[:2]]
        assert ["For everybody" in texts[0], "For those who come often" in texts[1]] == [True, True]

    @staticmethod
    def _text(mail: Any) -> str:
        html = mail.get_body(("html",))
        assert html is not None
        return str(html.get_content())

    def report(self, path: str) -> None:
        segment = self.round.segment("Everybody")
        today = datetime.now(UTC).date()
        window = {"from": str(today - timedelta(days=30)), "to": str(today + timedelta(days=1)), "segment": segment}
        figure: Callable[[], Any] = lambda: self.up.ask("GET", path.replace("{name}", "revenue"), params=window)  # noqa: E731
        until(lambda: figure()["numerator"] == 9_500, "the revenue is reported", seconds=60)
        rows = self.up.ask("GET", path.replace("{name}", "revenue") + "/rows", params=window)
        assert (sum(row["numerator"] for row in rows["data"]), rows["figure"]["denominator"]) == (9_500, 9)
