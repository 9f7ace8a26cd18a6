"""Winer's seven steps as one scenario: from raw events to the metric that changes the next selection."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from tests.e2e.journey import mailbox, until
from tests.e2e.rounds import Round
from tests.support.upright import Upright

ONE_ORDER = {"orders": {"measure": "count", "op": "eq", "value": 1}}


def tell(up: Upright) -> None:
    """M1: database, analysis, selection, targeting, relationship programme, privacy, metric; the metric feeds the second selection."""
    play = Round(up)
    with mailbox(up.smtp_port) as box:
        # 1 database: events and orders become customers with a history
        people = ("ann", "bob", "cem", "dee", "eva")
        for name in people:
            play.come(name, views=2)
        for name in people:
            play.order(name, 40.0)
        play.order("eva", 60.0)
        play.meet(*people)
        everybody = play.segment("All")

        # 2 analysis: each has a stage and a purchase class
        for name in people:
            until(partial(play.stage, name), f"{name} has a stage", seconds=60)

        # 3 selection: who ordered once
        once = play.segment("Once", ONE_ORDER)
        until(lambda: play.members(once) == {"ann", "bob", "cem", "dee"} and len(play.members(everybody)) == 5, "the segments are filled", seconds=60)
        assert play.metric("repeat_rate", everybody) == 0.2

        # 5 relationship programme: whoever orders from now on earns points
        club = up.ask("POST", "/api/v1/programmes", {
            "name": "Club", "settings": {"kind": "loyalty", "earn": [{"points": 1, "per_minor": 100, "currency": "EUR"}]},
        }, expect=201)["id"]
        up.ask("POST", f"/api/v1/programmes/{club}/start")

        # 6 privacy: three agreed, one of them changed his mind, one never said anything
        play.grant("ann", "bob", "cem")
        up.ask("POST", "/api/v1/consents/withdrawals", {"customer_id": play.ids["cem"], "purpose": "marketing"}, expect=None)

        # 4 targeting: the mail goes to those who may be written to
        first = play.send(once, play.template())
        assert (first["planned"], first["accepted"], first["suppressed"]) == (4, 2, 2)
        assert {reason["reason"] for reason in first["reasons"]} == {"withdrawn", "no_grant"}
        assert sorted(one for one in box.mails if play.tag in one) == sorted(play.address(name) for name in ("ann", "bob"))

        # 7 metric: one of two ordered again; what that cost and brought
        up.ask("POST", "/api/v1/costs", {
            "kind": "retain", "channel": "email", "campaign_id": first["campaign_id"], "amount_minor": 500, "currency": "EUR",
            "booked_on": str(datetime.now(UTC).date()), "reference": play.tag,
        }, expect=201)
        play.order("ann", 25.0)
        report = play.report(
            first["campaign_id"], lambda one: one["outcome"]["effective"] and one["outcome"]["channels"][0]["cost_minor"], "the order is attributed"
        )
        channel = report["outcome"]["channels"][0]
        assert (report["outcome"]["effective"], channel["cost_per_response_minor"]) == (1, 500)
        assert report["outcome"]["revenue"] == [{"currency": "EUR", "orders": 1, "customers": 1, "revenue_minor": 2500}]
        member = f"/api/v1/programmes/{club}/members/{play.ids['ann']}"
        until(lambda: up.ask("GET", member, expect=None).json().get("balance") == 25, "the order earned points", seconds=60)
        until(lambda: play.metric("repeat_rate", everybody) == 0.4, "the repeat rate has risen", seconds=60)

        # and the next selection is another one: who came back is no longer among those who ordered once
        until(lambda: play.members(once) == {"bob", "cem", "dee"}, "the segment has changed", seconds=60)
        second = play.send(once, play.template())
        assert (second["planned"], second["accepted"]) == (3, 1)
        assert [len(box.mails[play.address(name)]) for name in ("ann", "bob")] == [1, 2]
