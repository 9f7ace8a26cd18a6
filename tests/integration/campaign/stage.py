"""A campaign service with its neighbours, some customers, a template and a campaign."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from chassis.clock import Clock
from chassis.eventlog import EventLog
from chassis.ids import new_text_id
from chassis.peers import InProcess, Peers, Receive, Scope, Send
from contracts.customer import ProfilePersonal, ProfileState
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.settings import CampaignService
from services.consent import commands as consent
from services.consent.commands import Grant, Subject
from tests.integration.campaign.mailbox import Mailbox, mailbox
from tests.support.platform import TestPlatform, TestService, started

BODY = """
<mjml><mj-body><mj-section><mj-column>
  <mj-text>Hello {{ customer.name | default: "friend" }}, {{ 129900 | money: "EUR" }}</mj-text>
  <mj-text><a href="https://shop.example/offer?c={{ customer.id }}">Offer</a> <a href="https://shop.example/more">More</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""
FA_BODY = BODY.replace("<mjml>", '<mjml lang="fa" dir="rtl">').replace("Hello", "سلام")


class Audience:
    """Speaks the paging contract of a segment's members, so that tests decide who is in it and when it is away."""

    def __init__(self) -> None:
        self.members: list[str] = []
        self.segments: dict[str, list[str]] = {}
        self.away = False
        self.pages = 0

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if self.away:
            await _answer(send, 503, {})
            return
        if "/why/" in scope["path"]:
            _, _, _, _, segment, _, customer = scope["path"].split("/")
            await _answer(send, 200, {"id": segment, "holds": customer in self.segments.get(segment, [])})
            return
        if not scope["path"].endswith("/members"):
            await _answer(send, 404 if "/unknown" in scope["path"] else 200, {"id": "s"})
            return
        query = parse_qs(scope["query_string"].decode())
        start, limit = int(query.get("page_token", ["0"])[0]), int(query["limit"][0])
        self.pages += 1
        members = self.segments.get(scope["path"].split("/")[4], self.members)
        page = members[start : start + limit]
        token = str(start + limit) if start + limit < len(members) else None
        await _answer(send, 200, {"data": [{"customer_id": one} for one in page], "next_page_token": token, "total": len(members)})


async def _answer(send: Send, status: int, body: Any) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


class Stage:
    """What a test plays with."""

    def __init__(self, platform: TestPlatform, box: Mailbox, audience: Audience) -> None:
        self.platform = platform
        self.box = box
        self.audience = audience
        self.http: TestService = platform["campaign"]
        self.service: CampaignService = platform["campaign"].service

    async def customer(
        self, email: str | None, *, name: str | None = "Ann", language: str | None = "en", granted: bool = True, traits: Mapping[str, Any] | None = None
    ) -> str:
        """A customer known here, in the audience, with consent unless told otherwise."""
        customer_id = new_text_id()
        await self.profile(customer_id, email=email, name=name, language=language, traits=traits)
        self.audience.members.append(customer_id)
        if granted:
            await self.grant(customer_id)
        return customer_id

    async def customers(self, count: int) -> list[str]:
        """Many at once."""
        ids = [new_text_id() for _ in range(count)]
        async with self.service.transaction() as tx:
            await commands.replicate_profiles(
                self.service, tx, profiles={one: profile(one, email=f"c{number}@x.example") for number, one in enumerate(ids)}
            )
        self.audience.members.extend(ids)
        for start in range(0, count, 500):
            await self.grant(*ids[start : start + 500])
        return ids

    async def profile(self, customer_id: str, **fields: Any) -> None:
        async with self.service.transaction() as tx:
            await commands.replicate_profiles(self.service, tx, profiles={customer_id: profile(customer_id, **fields)})

    async def grant(self, *customer_ids: str, channel: str = "email") -> None:
        grants = [Grant(Subject(UUID(one)), "marketing", channel, "test", {}) for one in customer_ids]
        await consent.grant_consents(self.platform["consent"].service, grants=grants, actor="test")

    async def template(self, *, subject: str = "Hello {{ customer.name }}", body: str = BODY, **more: Any) -> str:
        locales = {"en": {"subject": subject, "body": body}, **more}
        answer = await self.http.call(
            "POST", "/api/v1/templates", json={"name": "Offer", "locales": locales, "fallback": ["en"]}, scopes=["campaigns:write"]
        )
        assert answer.status == 201, answer.body
        return str(answer.json()["id"])

    async def campaign(self, template_id: str | None = None, **more: Any) -> str:
        template_id = template_id or await self.template()
        answer = await self.http.call(
            "POST", "/api/v1/campaigns", scopes=["campaigns:write", "campaigns:send"],
            json={"name": "Spring", "template_id": template_id, "segment_id": "all", "from_address": "shop@peyvand.example", "from_name": "فروشگاه", **more},
        )
        assert answer.status == 201, answer.body
        return str(answer.json()["id"])

    async def act(self, campaign_id: str, action: str, **body: Any) -> Any:
        return await self.http.call("POST", f"/api/v1/campaigns/{campaign_id}/{action}", json=body or None, scopes=["campaigns:send"])

    async def launched(self, **more: Any) -> str:
        """A campaign whose audience is planned."""
        campaign_id = await self.campaign(**more)
        answer = await self.act(campaign_id, "launch")
        assert answer.status == 202, answer.body
        while await commands.plan_audiences(self.service):
            pass
        return campaign_id

    async def send_all(self, *, rounds: int = 50) -> None:
        """Send until nothing is due any more."""
        for _ in range(rounds):
            if not await commands.send_messages(self.service):
                break
        await commands.sweep(self.service)

    async def report(self, campaign_id: str) -> dict[str, Any]:
        answer = await self.http.call("GET", f"/api/v1/campaigns/{campaign_id}/report", scopes=["campaigns:read"])
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        ends = found["accepted"] + found["failed"] + found["suppressed"] + found["unknown"]
        assert found["planned"] == ends + sum(found["open"].values()), found
        return found

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.service.read() as db:
            return list(await db.fetch(statement, *arguments))


def profile(customer_id: str, *, email: str | None = None, name: str | None = "Ann", language: str | None = "en",
            traits: Mapping[str, Any] | None = None, merged_into: str | None = None, version: int = 1, phone: str | None = None) -> ProfileState:
    return ProfileState(
        customer_id=customer_id, version=version, registered_at=datetime(2026, 1, 1, tzinfo=UTC), merged_into=merged_into, known=True,
        personal=ProfilePersonal(email=email, phone=phone, name=name, language=language, traits=dict(traits or {})),
    )


@asynccontextmanager
async def stage(cluster: PrivateCluster, *, smtp: bool = True, services: Sequence[str] = ("consent", "campaign"), read: bool = False,
                shared: Mapping[str, Any] | None = None, clocks: Mapping[str, Clock] | None = None,
                log: EventLog | None = None, **settings: Any) -> AsyncIterator[Stage]:
    """`read=False`: neither readers nor jobs run; the test calls the commands itself."""
    async with mailbox() as box:
        given = {"campaign": {"smtp_url": box.url if smtp else "", "smtp_timeout": 5, **settings}}
        async with started(cluster, *services, given=given, read=read, shared=shared, clocks=clocks, log=log) as platform:
            audience = Audience()
            service = platform["campaign"].service
            real = platform["analytics"].running.app if "analytics" in services else audience
            transports = {"analytics": InProcess(lambda: real)}
            if "customer" in services:
                transports["customer"] = InProcess(lambda: platform["customer"].running.app)
            if "consent" in services:
                transports["consent"] = InProcess(lambda: platform["consent"].running.app)
            else:
                transports["consent"] = InProcess(lambda: None)
            if "interaction" in services:
                transports["interaction"] = InProcess(lambda: platform["interaction"].running.app)
            service.peers = Peers(transports, service.tokens, service.name)
            yield Stage(platform, box, audience)
