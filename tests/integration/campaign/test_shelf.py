"""P15, U35: what waits for one person and what is for all visitors are one thing: one store, decided by one call."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.store import replicas
from tests.integration.campaign.stage import stage
from tests.integration.campaign.travelling import Journeys

pytestmark = pytest.mark.asyncio
SCOPES = ["campaigns:read", "campaigns:write"]


async def test_a_journeys_message_is_decided_beside_those_for_everybody(cluster: PrivateCluster) -> None:
    """P15, U35"""
    async with stage(cluster, smtp=False) as play:
        defined = await play.platform["consent"].call("POST", "/api/v1/purposes", json={
            "purpose": "site", "basis": "opt_out", "legal_basis": "contract", "channels": ["on_site"], "title": {"en": "Site"}, "wording": {"en": "News."},
        })
        assert defined.status in (200, 201), defined.body
        ann = await play.customer("ann@x.example")
        async with play.service.transaction() as tx:
            await replicas.put_identities(tx.db, [(play.service.hash_identity("user:ann"), "user", UUID(ann))], gone=[])
        everybody = {"name": "Hello", "placement": "home", "locales": {"en": {"title": "Hello all"}}, "priority": 5}
        made = await play.http.call("POST", "/api/v1/site-messages", json=everybody, scopes=SCOPES)
        assert made.status == 201, made.body

        async def decide(user: str | None = "ann", **more: Any) -> Any:
            body = {"placement": "home", **({"user_id": user} if user else {}), **more}
            answer = await play.http.call("POST", "/api/v1/decisions", json=body, scopes=SCOPES)
            assert answer.status == 200, answer.body
            return answer.json()

        assert (await decide())["message"]["content"]["title"] == "Hello all"
        template = await play.http.call(
            "POST", "/api/v1/templates", json={"name": "Own", "format": "text", "locales": {"en": {"subject": "For {{ customer.name }}", "body": "Your tea"}}},
            scopes=SCOPES,
        )
        assert template.status == 201, template.body
        journeys = Journeys(play)
        journey = await journeys.published({"entry": {"api": {}}, "start": "show", "steps": {
            "show": {"type": "message", "template_id": template.json()["id"], "channel": "on_site", "purpose": "site"},
        }})
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann], data={"placement": "home", "priority": 9})
        await journeys.run()
        await play.send_all()

        found = await decide()
        assert (found["message"]["content"]["title"], found["message"]["key"] is not None) == ("For Ann", True), found
        assert [one["reason"] for one in found["why"]] == ["chosen", "lower_priority"]
        assert (await decide(None))["message"]["content"]["title"] == "Hello all", "nobody else sees it"
        listed = (await play.http.call("GET", f"/api/v1/messages/waiting?channel=on_site&customer_id={ann}", scopes=SCOPES)).json()["data"]
        assert [(one["title"], one["key"]) for one in listed] == [("For Ann", found["message"]["key"])]
        assert (await play.sql("SELECT shown_at FROM site_message WHERE customer_id = $1", UUID(ann)))[0]["shown_at"] is not None
        assert [one["name"] for one in (await play.http.call("GET", "/api/v1/site-messages", scopes=SCOPES)).json()["data"]] == ["Hello"]

        async with play.service.transaction() as tx:
            await commands.replicate_said(tx, said={UUID(ann): {"site": {"on_site": "withdrawn"}}})
        assert [one["reason"] for one in (await decide())["why"]] == ["withdrawn", "chosen"], "what was said since counts"
        async with play.service.transaction() as tx:
            await commands.replicate_said(tx, said={UUID(ann): None})
        path = f"/api/v1/messages/waiting/{found['message']['key']}/dismiss"
        assert (await play.http.call("POST", path, json={"customer_id": ann}, scopes=SCOPES)).status == 204
        assert (await decide())["message"]["content"]["title"] == "Hello all"
