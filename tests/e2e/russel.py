"""Russel's process on the web as one scenario: web events in, personalised e-mail out, metrics back."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import httpx2

from tests.e2e.journey import BODY, BROWSER, mailbox, until
from tests.e2e.rounds import Round
from tests.support.upright import Upright

OFFER = BODY.replace("Hello {{ customer.name }}", "Hello {{ customer.name }}, {% if customer.profit_minor > 5000 %}take the best{% else %}look around{% endif %}")


def tell(up: Upright) -> None:
    """M2, P19: clicks fill the database, groups by behaviour, selection by profit, personalised e-mail, a programme by e-mail, privacy, metrics."""
    play = Round(up)
    with mailbox(up.smtp_port) as box:
        # 1 web events fill the database; 2 groups: who looks much and who looks little
        profits = {"ann": 9_000, "bob": 6_000, "cem": 2_000, "dee": 1_000}
        for name, profit in profits.items():
            play.come(name, views=1 if name == "dee" else 4, profit_minor=profit)
        play.meet(*profits)
        lookers = play.segment("Lookers", {"event": "Product Viewed", "count": {"op": "gte", "value": 3}, "within_days": 7})
        until(lambda: play.members(lookers) == {"ann", "bob", "cem"}, "the lookers are told from the others", seconds=60)
        play.grant(*profits)

        # 5 a programme carried by e-mail alone: it finds whom it is for by itself
        programme = up.ask("POST", "/api/v1/programmes", {"name": "First order", "settings": {
            "kind": "acquisition", "sender": {"from_address": "hello@shop.example"}, "entry": {"stages": ["acquire"]},
            "steps": [{"template_id": play.template("Welcome, {{ customer.name }}")}],
        }}, expect=201)["id"]
        up.ask("POST", f"/api/v1/programmes/{programme}/start")
        until(lambda: all(play.address(name) in box.mails for name in profits), "the programme has written to all four", seconds=60)
        assert [mail["Subject"] for mail in box.mails[play.address("dee")]] == ["Welcome, Dee"]

        # 3 selection by profit: the two who bring most; 4 personalised e-mail
        first = play.send(lookers, play.template(body=OFFER), selection={"by": "profit", "at_most": 2})
        assert (first["planned"], first["accepted"]) == (2, 2)
        texts = {name: box.mails[play.address(name)][-1].get_body(("html",)) for name in ("ann", "bob")}
        for name, text in texts.items():
            assert text is not None
            assert f"Hello {name.title()}, take the best" in text.get_content()
        assert len(box.mails[play.address("cem")]) == 1

        # 6 privacy: one click ends it
        unsubscribe = urlsplit(box.mails[play.address("bob")][0]["List-Unsubscribe"].strip("<>")).path
        assert httpx2.post(up.url + unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 200

        # 7 metrics, by the last message before: Ann follows the link and orders; both come back
        assert texts["ann"] is not None
        link = re.search(r'href="([^"]*/t/c/[^"]+)"', texts["ann"].get_content())
        assert link is not None
        time.sleep(2.5)  # followed sooner, a link counts as followed by a scanner
        assert httpx2.get(up.url + urlsplit(link[1]).path, headers=BROWSER, follow_redirects=False).status_code == 302
        play.order("ann", 30.0)
        report = play.report(first["campaign_id"], lambda one: one["outcome"]["effective"] and one["clicks"]["messages"], "click and order are counted")
        assert (report["clicks"]["messages"], report["outcome"]["effective"], report["outcome"]["revenue"][0]["revenue_minor"]) == (1, 1, 3000)
        left = until(
            lambda: (one := up.ask("GET", f"/api/v1/programmes/{programme}/members/{play.ids['ann']}"))["left_reason"] and one,
            "the first order ended the acquisition", seconds=60,
        )
        assert left["left_reason"] == "ordered"

        # the next selection leaves out who responded, and the law leaves out who said no
        missed = play.segment(
            "Missed", {"event": "Product Viewed", "count": {"op": "gte", "value": 3}, "within_days": 7}, {"message": {"outcome": "clicked", "never": True}}
        )
        until(lambda: play.members(missed) == {"bob", "cem"}, "who clicked is not selected again", seconds=60)
        second = play.send(missed, play.template(body=OFFER), selection={"by": "profit", "at_most": 2})
        assert (second["planned"], second["accepted"], second["reasons"][0]["reason"]) == (2, 1, "withdrawn")
        assert [len(box.mails[play.address(name)]) for name in profits] == [2, 2, 2, 1]
