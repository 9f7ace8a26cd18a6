"""P6 and P10 to the other service: products made for one customer become orders, what happens in communities stands on the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import LOYALTY, Club
from tests.integration.campaign.stage import stage
from tests.integration.interaction.support import checked, settle
from tests.unit.campaign.test_customising import SHIRT

pytestmark = pytest.mark.asyncio


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (answer := await found()):
            await asyncio.sleep(0.1)
    return answer


async def test_from_the_proposal_to_the_order_and_the_timeline(cluster: PrivateCluster) -> None:
    """P6, P10: proposed, priced, chosen, stored, ordered; a post in a community is an interaction."""
    names = ("customer", "interaction", "consent")
    async with stage(cluster, services=(*names, "campaign"), read=True, smtp=False) as play:
        apps = {name: play.platform[name].running.app for name in names}
        play.service.peers = Peers({name: InProcess(lambda app=app: app) for name, app in apps.items()}, play.service.tokens, "campaign")  # type: ignore[misc]
        now, club = play.service.clock.now(), Club(play)
        await play.platform.log.append(checked([{"type": "identify", "userId": "u1", "messageId": "m0", "traits": {"email": "ann@x.example"}}], received_at=now))
        await settle(play.platform)
        ann = str((await until(lambda: play.sql("SELECT customer_id FROM recipient WHERE email = 'ann@x.example'")))[0]["customer_id"])

        shirt = (await club.call("PUT", "/customisations/products", SHIRT))["id"]
        proposal = await club.call("GET", f"/customisations/products/{shirt}/proposals/{ann}")
        assert (proposal["choices"], proposal["unit_minor"]) == ({"cloth": "cotton", "print": "none"}, 2000)
        body = {"id": str(uuid4()), "product": shirt, "customer_id": ann, "choices": {"cloth": "silk", "print": "foil"}, "quantity": 2}
        chosen = await club.call("POST", "/customisations", body, status=201)
        assert (chosen["state"], chosen["total_minor"], chosen["price"][1]) == ("chosen", 7010, {"what": "cloth:silk", "amount_minor": 1505})
        assert (await club.call("POST", "/customisations", body, status=200))["id"] == chosen["id"]
        assert (await club.call("GET", f"/customisations/products/{shirt}/proposals/{ann}"))["proposed"][0]["why"] == "own"
        await club.call("PUT", "/customisations/products", {**SHIRT, "base_minor": 9999})
        for _ in range(2):
            assert (await club.call("POST", f"/customisations/{chosen['id']}/order", status=202))["order_id"] == f"custom-{chosen['id']}"

        async def order() -> Any:
            answer = await play.platform["interaction"].call("GET", f"/api/v1/customers/{ann}/orders", scopes=["interactions:read"])
            return answer.json()["data"]

        (ordered,) = await until(order)
        line = ordered["lines"][0]
        assert (ordered["order_id"], ordered["net_minor"], ordered["currency"]) == (f"custom-{chosen['id']}", 7010, "EUR")
        assert (line["product_id"], line["quantity"], line["price_minor"]) == ("shirt", 2, 3505)

        async def told() -> Any:
            found = await club.call("GET", f"/customisations/{chosen['id']}")
            return found["state"] == "ordered" and found

        assert (await until(told))["ordered_at"]
        await club.call("DELETE", f"/customisations/{chosen['id']}", status=409)
        assert [one["id"] for one in (await club.call("GET", f"/customisations?customer_id={ann}"))["data"]] == [chosen["id"]]

        programme = await club.programme({"kind": "community"})
        group = (await club.call("POST", f"/programmes/{programme}/groups", {"name": "Tea drinkers"}))["id"]
        await club.call("POST", f"/programmes/groups/{group}/members", {"customer_id": ann})
        activity = {"customer_id": ann, "kind": "post", "note": "first flush", "id": str(uuid4())}
        for _ in range(2):
            await club.call("POST", f"/programmes/groups/{group}/activities", activity)

        async def posts() -> Any:
            answer = await play.platform["interaction"].call("GET", f"/api/v1/customers/{ann}/timeline?kind=other", scopes=["interactions:read"])
            assert not (wrong := await play.sql("SELECT reason, body FROM telling WHERE due_at IS NULL")), wrong
            return len(answer.json()["data"]) >= 2 and answer.json()["data"]

        seen = await until(posts)
        assert sorted(one["data"]["properties"]["action"] for one in seen) == ["joined", "post"], seen
        post = next(one["data"]["properties"] for one in seen if one["data"]["properties"]["action"] == "post")
        assert (post["group"], post["text"], post["programme"]) == ("Tea drinkers", "first flush", "community")
        assert not await play.sql("SELECT FROM telling")


async def test_what_is_refused(cluster: PrivateCluster) -> None:
    """P5, P6: reserved choices are checked when chosen and again when ordered; bad input says what and where."""
    async with stage(cluster, smtp=False) as play:
        club = Club(play)
        ann = await club.person()
        await club.programme({**LOYALTY, "tiers": [{"name": "gold", "from_points": 100}]})
        shirt = (await club.call("PUT", "/customisations/products", SHIRT))["id"]
        rare = {"product": shirt, "customer_id": ann, "choices": {"cloth": "rare", "print": "none"}}
        refused = await club.call("POST", "/customisations", rare, status=422)
        assert (refused["code"], refused["errors"][0]["reason"], refused["errors"][0]["pointer"]) == ("customisation.invalid", "reserved", "/choices/cloth")
        order = await club.order(ann, 20_000)
        chosen = await club.call("POST", "/customisations", rare, status=201)
        assert chosen["total_minor"] == 9900
        await club.order(ann, 20_000, order_id=order, refunded=20_000)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE programme_member SET next_at = now() WHERE tier IS NOT NULL")
        while await commands.run_programmes(play.service):
            pass
        refused = await club.call("POST", f"/customisations/{chosen['id']}/order", status=422)
        assert refused["errors"][0]["reason"] == "reserved"
        await club.call("DELETE", f"/customisations/{chosen['id']}", status=204)
        assert (await club.call("POST", f"/customisations/{chosen['id']}/order", status=409))["code"] == "customisation.wrong_state"
        assert (await club.call("GET", f"/customisations/{uuid4()}", status=404))["code"] == "customisation.unknown"
        assert (await club.call("GET", f"/customisations/products/{uuid4()}", status=404))["code"] == "customisation.unknown_product"
        assert (await club.call("GET", f"/customisations/products/{shirt}/proposals/{uuid4()}", status=404))["code"] == "customer.unknown"
        assert (await club.call("PUT", "/customisations/products", {**SHIRT, "currency": "euro"}, status=422))["code"] == "request.invalid"
        impossible = {**SHIRT, "product_id": "never", "options": [{"key": "cloth", "name": "Cloth", "choices": [{"key": "rare", "name": "Rare", "tiers": ["gold"]}]}]}
        never = (await club.call("PUT", "/customisations/products", impossible))["id"]
        assert (await club.call("GET", f"/customisations/products/{never}/proposals/{ann}", status=409))["code"] == "customisation.no_combination"
        await club.call("DELETE", f"/customisations/products/{shirt}", status=204)
        gone = await club.call("POST", "/customisations", {**rare, "choices": {"cloth": "cotton", "print": "none"}}, status=409)
        assert gone["code"] == "customisation.product_ended"
