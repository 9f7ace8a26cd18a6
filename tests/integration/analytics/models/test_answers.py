"""Churn, survival, propensity, uplift, clusters, discriminant and interests over the public surface."""

from __future__ import annotations

import csv
import itertools
import re
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.campaign import MessageAccepted, MessageSuppressed
from contracts.customer import ProfileState
from contracts.fact import Fact
from contracts.interaction import OrderLine
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.models import market
from tests.integration.analytics.story import DAY, NOW, ask
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, order, profile


def _with_traits(number: int, row: dict[str, Any]) -> Fact:
    return profile(number, **{key: value for key, value in row.items() if key and key != "customerID"})


@pytest.mark.asyncio
async def test_who_leaves_and_which_groups(cluster: PrivateCluster, example_file: Callable[[str], Path]) -> None:
    """A12, A1, A2, U25: the Telco and Wholesale files come in as traits, their published figures go out; churn of buyers by what they did."""
    with example_file("churn/Telco-Customer-Churn.csv").open(encoding="utf-8") as file:
        telco = list(csv.DictReader(file))[::4]
    with example_file("segmentation/Wholesale customers data.csv").open(encoding="latin-1") as file:
        wholesale = list(csv.DictReader(file))
    facts: list[Fact] = [_with_traits(10_000 + place, row) for place, row in enumerate(telco)]
    facts += [_with_traits(50_000 + place, row) for place, row in enumerate(wholesale)]
    async with started(cluster, "analytics") as platform:
        await market.told(platform, [*facts, *market.buyers(1500)])
        ended = await market.fitted(platform, "survival", {
            "duration": "tenure", "event": {"trait": "Churn", "equals": "Yes"}, "group": "Contract",
            "attributes": ["trait:Contract", "trait:MonthlyCharges", "trait:InternetService", "trait:PaymentMethod"],
        })
        assert (ended["state"], ended["error"]) == ("done", "")
        churned = sum(row["Churn"] == "Yes" for row in telco)
        assert (ended["data"]["contracts"], ended["data"]["ended"]) == (len(telco), churned)
        assert ended["quality"]["churn"] == pytest.approx(churned / len(telco), abs=1e-5)
        assert ended["quality"]["auc"] > 0.8
        assert ended["explanation"]["log_rank"]["p"] < 1e-6
        assert ended["scored"] == len(telco) - churned

        groups = await market.fitted(platform, "clusters", {
            "attributes": [f"trait:{name}" for name in ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")], "transform": "log1p",
        })
        assert (groups["state"], groups["data"]["customers"]) == ("done", 440)
        assert groups["quality"]["silhouette"] == pytest.approx(0.2903, abs=0.002)
        assert [one["customers"] for one in groups["explanation"]["profiles"]] == [252, 188]
        counts = await ask(platform, "GET", "/models/clusters/counts")
        assert {one["value"]: one["customers"] for one in counts["groups"]} == {"1": 252, "2": 188}
        again = await market.fitted(platform, "clusters", {
            "attributes": [f"trait:{name}" for name in ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")], "transform": "log1p",
        })
        assert again["explanation"] == groups["explanation"]

        known = await market.fitted(platform, "discriminant", {
            "attributes": [f"trait:{name}" for name in ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")], "transform": "log1p",
            "group": "Channel",
        })
        assert known["quality"]["leave_one_out_right"] == 402
        assert known["quality"]["wilks_lambda"] == pytest.approx(0.43843, abs=1e-4)
        own = (await market.scores(platform, 50_000))["group"]["parts"]
        assert sum(own["probabilities"].values()) == pytest.approx(1, abs=1e-4)

        leaving = await market.fitted(platform, "churn", {"horizon_days": 60})
        assert (leaving["state"], leaving["error"]) == ("done", "")
        assert leaving["quality"]["auc"] > 0.65
        assert leaving["quality"]["calibration_error"] < 0.12
        assert leaving["explanation"]["drivers"]
        first = (await ask(platform, "GET", "/models/churn/ranking?limit=1"))["data"][0]
        assert 0 < first["number"] <= 1
        assert first["parts"]["reasons"]
        await _attributes_in_models_are_used(platform)


async def _attributes_in_models_are_used(platform: TestPlatform) -> None:
    """D15: what a model in use learns from or tells is no attribute without use; what none asks for is."""
    found = await ask(platform, "GET", "/attributes/unused?days=90")
    assert "models" in found["looked_at"]
    idle = {one["name"] for one in found["data"] if one["kind"] == "trait"}
    assert not idle & {"tenure", "Churn", "Contract", "MonthlyCharges", "InternetService", "PaymentMethod", "Fresh", "Milk", "Grocery", "Frozen", "Delicassen", "Channel"}
    assert idle >= {"gender", "Partner", "TotalCharges", "Region"}


def _campaign(customers: int) -> list[Fact]:
    """A contact that moves the young and nobody else, while the old buy anyway; one product pair that goes together."""
    random = np.random.default_rng(3)
    facts: list[Fact] = []
    for number in range(customers):
        age = int(random.integers(20, 70))
        young, contacted = age < 40, number % 2 == 0
        facts += [profile(number, age=age, city="Tehran" if number % 3 else "Qom", told_us="yes" if number % 2 else "no", echo=f"e{number % 2}"), belongs(f"u{number}", number)]
        lines = [OrderLine(product_id="tea", category="Drinks", amount_minor=100)]
        if random.random() < 0.7:
            lines.append(OrderLine(product_id="cup" if young else "cake", category="Home", amount_minor=100))
        facts.append(order(f"u{number}", f"a{number}", net=100 * len(lines), at=NOW - 60 * DAY + timedelta(minutes=number), lines=lines))
        common = {"campaign_id": "spring", "customer_id": customer_id(number), "channel": "email", "at": NOW - 30 * DAY}
        facts.append(
            MessageAccepted(message_id=f"m{number}", permit_id="p", consent_version=1, **common) if contacted  # type: ignore[arg-type]
            else MessageSuppressed(message_id=f"m{number}", reason="control", **common)  # type: ignore[arg-type]
        )
        if random.random() < (0.6 if age >= 55 else 0.15) + (0.30 if young and contacted else 0):
            facts.append(order(f"u{number}", f"b{number}", net=300, at=NOW - 28 * DAY))
    return facts


@pytest.mark.asyncio
async def test_who_accepts_and_whom_a_contact_changes(cluster: PrivateCluster) -> None:
    """A13, A3, A18: an offer with a known effect; attributes known only after the contact are refused or taken out; interests by lift."""
    async with started(cluster, "analytics") as platform:
        await market.told(platform, _campaign(2400))
        accepting = await market.fitted(platform, "propensity", {"campaign_id": "spring", "attributes": ["trait:age", "trait:city", "orders", "recency_days"]})
        assert (accepting["state"], accepting["error"]) == ("done", "")
        assert set(accepting["quality"]["methods"]) == {"logistic", "boosting", "discriminant", "bayes"}
        assert accepting["quality"]["auc_low"] > 0.55
        assert accepting["quality"]["calibration_error"] < 0.08
        assert accepting["explanation"]["drivers"][0]["attribute"] == "trait:age"
        assert accepting["explanation"]["leakage"] == []
        await _never_from_after(platform)

        lift = await market.fitted(platform, "uplift", {"campaign_id": "spring", "attributes": ["trait:age", "trait:city"]})
        quality: dict[str, Any] = lift["quality"]
        assert quality["lift_low"] < 0.12 < quality["lift_high"]
        assert quality["qini_low"] > 0
        scores = {number: (await market.scores(platform, number))["uplift"]["parts"]["number"] for number in range(40)}
        ages = {number: fact.personal.traits["age"] for number, fact in enumerate(one for one in _campaign(40) if isinstance(one, ProfileState))}
        assert np.mean([scores[number] for number in scores if ages[number] < 35]) > np.mean([scores[number] for number in scores if ages[number] > 50]) + 0.1

        await _select(platform, scores)
        await _against_the_truth(platform)

        told = await market.fitted(platform, "propensity", {
            "name": "leak", "method": "logistic", "outcome": {"trait": "told_us", "equals": "yes"}, "attributes": ["trait:echo", "trait:age"],
        })
        assert (told["state"], [one["attribute"] for one in told["explanation"]["leakage"]]) == ("done", ["trait:echo"])
        assert {one["attribute"] for one in told["explanation"]["drivers"]} == {"trait:age"}
        refused = await ask(platform, "POST", "/models/propensity/fits", {
            "outcome": {"trait": "told_us", "equals": "yes"}, "attributes": ["trait:told_us", "trait:age"],
        }, status=422)
        assert refused["code"] == "model.leaks"

        wanted = await market.fitted(platform, "interests")
        assert (wanted["state"], wanted["error"]) == ("done", "")
        assert {"tea", "cup", "cake"} == {one["has"] for one in wanted["explanation"]["rules"]} | {"tea", "cup", "cake"}
        alone = next(fact for fact in _campaign(60) if getattr(fact, "order_id", "").startswith("a") and len(fact.lines) == 1)  # type: ignore[attr-defined]
        proposal = (await market.scores(platform, int(alone.order_id[1:])))["interest"]["parts"]  # type: ignore[attr-defined]
        assert proposal["next"][0]["because_of"] == "tea"
        assert proposal["next"][0]["product"] in {"cup", "cake"}
        assert proposal["reasons"]
        await _page(platform)


async def _never_from_after(platform: TestPlatform) -> None:
    """A13: what everybody got after the contact is refused, what some got after it is missing for them; a worse model is kept unused."""
    people = [fact for fact in _campaign(200) if isinstance(fact, ProfileState)]
    await market.told(platform, [profile(number, **one.personal.traits | {"city": "Shiraz", "thanked": "yes"}) for number, one in enumerate(people)])
    refused = await ask(platform, "POST", "/models/propensity/fits", {"campaign_id": "spring", "attributes": ["trait:thanked", "trait:age"]}, status=422)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("model.leaks", "/attributes")
    assert refused["errors"][0]["detail"] == "trait:thanked: 200 of the 200 contacted customers who have it got this value after the contact"
    begun = await ask(platform, "POST", "/models/propensity/fits", {"campaign_id": "spring", "method": "logistic", "attributes": ["trait:city"]}, status=202)
    again = await ask(platform, "POST", "/models/propensity/fits", {"campaign_id": "spring", "attributes": ["trait:age"]}, status=409)
    assert again["code"] == "model.fit_runs"
    worse = await market.ended(platform, "propensity", begun["fit_id"])
    assert worse["explanation"]["leakage"] == [
        {"attribute": "trait:city", "warning": "changed after the contact of 100 customers; counted as missing for them"},
    ]
    assert (worse["version"], worse["in_use"], worse["scored"]) == (2, False, 0)
    assert worse["comparison"]["new"] > 1.01 * worse["comparison"]["old"]
    (used,) = next(one for one in (await ask(platform, "GET", "/models"))["data"] if one["kind"] == "propensity")["in_use"]
    assert used["version"] == 1


async def _against_the_truth(platform: TestPlatform) -> None:
    """N6: at least nine tenths of the oracle where effects are known, more than propensity or luck; the holdout says that it pays."""
    ages = {customer_id(number): one.personal.traits["age"] for number, one in enumerate(fact for fact in _campaign(2400) if isinstance(fact, ProfileState))}
    offer = {"name": "voucher", "cost_minor": 50, "answer_value_minor": 300}
    gained = {}
    for basis in ("uplift", "propensity"):
        made = await ask(platform, "POST", "/selections", {"budget_minor": 10_000, "offers": [offer], "basis": basis}, status=201)
        assert made["spent_minor"] <= 10_000
        chosen = [one["customer_id"] for one in (await ask(platform, "GET", f"/selections/{made['selection_id']}/members?limit=1000"))["data"]]
        gained[basis] = sum((0.30 * 300 if ages[customer] < 40 else 0) - 50 for customer in chosen)
    oracle = 200 * (0.30 * 300 - 50)
    luck = 200 * (float(np.mean([age < 40 for age in ages.values()])) * 0.30 * 300 - 50)
    assert gained["uplift"] >= 0.9 * oracle
    assert gained["uplift"] > max(gained["propensity"], luck, 0)
    window = f"from={(NOW - 40 * DAY).date()}&to={(NOW + DAY).date()}"
    beside = (await ask(platform, "GET", f"/metrics/cper?{window}&by=campaign"))["beside"]
    assert (beside["treated"], beside["held_out"], beside["verdict"]) == (1200, 1200, "it pays")
    assert beside["lift_low"] < 0.12 < beside["lift_high"]
    assert beside["incremental_profit_low"] < 1200 * 0.12 * 300 * 0.3 < beside["incremental_profit_high"]


async def _select(platform: TestPlatform, lifts: dict[int, float]) -> None:
    """N6, A9: the budget is never exceeded, the best are chosen first, doing nothing is among the acts."""
    offer = {"name": "voucher", "cost_minor": 50, "answer_value_minor": 300}
    made = await ask(platform, "POST", "/selections", {"budget_minor": 10_020, "offers": [offer]}, status=201)
    assert (made["chosen"], made["spent_minor"], made["left_minor"]) == (200, 10_000, 20)
    members = (await ask(platform, "GET", f"/selections/{made['selection_id']}/members?limit=1000"))["data"]
    values = [one["value_minor"] for one in members]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0
    assert {one["reasons"]["instead_of"][0]["act"] for one in members} == {"nothing"}
    few = await ask(platform, "POST", "/selections", {"budget_minor": 10_020, "capacity": 7, "offers": [offer]}, status=201)
    assert few["chosen"] == 7
    assert (await ask(platform, "GET", f"/selections/{few['selection_id']}"))["spent_minor"] == 350
    none = await ask(platform, "POST", "/selections", {"budget_minor": 10_020, "offers": [offer | {"cost_minor": 5_000}]}, status=201)
    assert (none["chosen"], none["not_worth_it"]) == (0, none["candidates"])
    strong, weak = max(lifts, key=lambda number: lifts[number]), min(lifts, key=lambda number: lifts[number])
    best = await ask(platform, "POST", f"/customers/{customer_id(strong)}/scores/next-act", {"offers": [offer]})
    assert (best["act"], best["acts"][1]["act"]) == ("voucher", "nothing")
    assert best["acts"][0]["net_minor"] == pytest.approx(lifts[strong] * 300 - 50, abs=1)
    idle = await ask(platform, "POST", f"/customers/{customer_id(weak)}/scores/next-act", {"offers": [offer]})
    assert (idle["act"], idle["reason"]) == ("nothing", "nothing is worth more than it costs")
    missing = await ask(platform, "POST", "/selections", {"budget_minor": 1, "offers": [offer], "name": "other"}, status=409)
    assert missing["code"] == "selection.no_model"


PAGE = Path(__file__).resolve().parents[4] / "docs" / "models.md"


async def _page(platform: TestPlatform) -> None:
    """Every command of docs/models.md, one after the other, as it stands there."""
    commands = [shlex.split(line) for block in re.findall(r"^```\n(curl .*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL) for line in block.strip().splitlines()]
    for words in commands:
        address = next(word for word in words if word.startswith("$URL")).removeprefix("$URL").replace("ID", customer_id(1))
        options = dict(itertools.pairwise(words))
        body = options.get("-d", "").replace("CAMPAIGN", "spring").encode()
        kinds = [word.partition(":")[2] for word in words if word.startswith("content-type:")]
        answer = await platform["analytics"].call(
            options.get("-X", "POST" if body else "GET"), address, body=body, headers={"content-type": kinds[0]} if kinds else None
        )
        assert answer.status < 300, (words, answer.status, answer.body)
    assert len(commands) >= 15


def test_every_refusal_of_the_page_is_provoked_by_a_test() -> None:
    codes = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", PAGE.read_text(encoding="utf-8").partition("## Bad inputs")[2].partition("## Limits")[0]))
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert {code for code in codes if f'"{code}"' not in tests} == set()
    assert len(codes) >= 12


@pytest.mark.asyncio
async def test_too_little_is_said_plainly(cluster: PrivateCluster) -> None:
    """Every kind of model says what is missing instead of a number."""
    async with started(cluster, "analytics") as platform:
        asked: dict[str, dict[str, Any]] = {
            "lifetime": {}, "churn": {}, "propensity": {}, "uplift": {}, "interests": {}, "clusters": {"attributes": ["orders"]},
            "discriminant": {"attributes": ["orders"], "group": "tier"}, "survival": {"duration": "tenure", "event": {"trait": "Churn", "equals": "Yes"}},
        }
        for kind, body in asked.items():
            found = await market.fitted(platform, kind, body)
            assert found["state"] == "failed", kind
            assert found["error"].startswith("not enough data"), found["error"]
            assert (await ask(platform, "GET", f"/models/{kind}/versions"))["data"] == []


BAD: list[tuple[str, str, object, int, str]] = [
    ("POST", "/models/luck/fits", {}, 404, "model.unknown"),
    ("GET", "/models/luck/versions", None, 404, "model.unknown"),
    ("GET", "/models/churn/versions/3", None, 404, "model.unknown_version"),
    ("GET", f"/models/churn/fits/{customer_id(1)}", None, 404, "model.unknown_fit"),
    ("POST", "/models/clusters/fits", {}, 422, "model.bad_options"),
    ("POST", "/models/churn/fits", {"method": "tarot"}, 422, "model.bad_options"),
    ("POST", "/models/churn/fits", {"months": 3}, 422, "model.bad_options"),
    ("POST", "/models/churn/fits", {"attributes": ["shoe_size"]}, 422, "model.bad_options"),
    ("POST", "/models/propensity/fits", {"campaign_id": "x", "outcome": {"trait": "a", "equals": 1}, "attributes": ["orders"]}, 422, "model.bad_options"),
    ("POST", "/models/discriminant/fits", {"attributes": ["trait:tier"], "group": "tier"}, 422, "model.leaks"),
    ("POST", "/models/lifetime/fits", {"discount": 3}, 422, "request.invalid"),
    ("POST", "/models/lifetime/fits", {"luck": 3}, 422, "request.invalid"),
    ("GET", "/models/lifetime/ranking?page_token=xyz", None, 422, "page.bad_token"),
    ("GET", "/models/luck/rules", None, 404, "model.no_rules"),
    ("PUT", "/models/rfm/rules", {"recency_days": [1, 2, 3, 4]}, 422, "model.bad_rules"),
    ("PUT", "/models/tier/rules", {"high_share": 2}, 422, "request.invalid"),
    ("GET", f"/selections/{customer_id(1)}", None, 404, "selection.unknown"),
    ("POST", "/selections", {"budget_minor": -1, "offers": [{"name": "a", "cost_minor": 1}]}, 422, "request.invalid"),
    ("POST", f"/customers/{customer_id(1)}/scores/next-act", {"offers": [{"name": "a", "cost_minor": 1}]}, 404, "customer.unknown"),
]


@pytest.mark.asyncio
async def test_bad_requests(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform:
        for method, path, body, status, code in BAD:
            assert (await ask(platform, method, path, body, status=status))["code"] == code, path
        await ask(platform, "GET", "/models", status=403, scopes=["customers:read"])
        await ask(platform, "POST", "/models/churn/fits", {}, status=403, scopes=["analytics:read"])
        assert len((await ask(platform, "GET", "/models"))["data"]) == 8
