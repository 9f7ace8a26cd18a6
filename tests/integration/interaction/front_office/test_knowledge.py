"""The knowledge base and canned replies over HTTP (U18)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.front_office.test_sales import ask
from tests.integration.interaction.support import settle
from tests.support.platform import TestService, started

pytestmark = pytest.mark.asyncio


async def publish(service: TestService, title: str, body: str, language: str = "en", **more: Any) -> str:
    made = await ask(service, "POST", "/articles", {"language": language, "title": title, "body": body, **more}, status=201)
    await ask(service, "POST", f"/articles/{made['id']}/texts/{language}/state", {"version": 1, "state": "published"})
    return str(made["id"])


async def test_articles_are_found_in_both_languages(cluster: PrivateCluster) -> None:
    """U18: folded Persian, begun and misspelt words, by category; drafts and archived texts are not found."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        returns = await publish(service, "How to return goods", "Send the parcel back within 30 days.", category="returns", tags=["refund"])
        invoice = await publish(service, "Your invoice", "You find it in the parcel; goods and taxes are listed.")
        persian = await publish(service, "بازگشت کالا", "کتاب‌های خریداری شده را تا ۳۰ روز پس بفرستید.", "fa", category="returns")
        await ask(service, "POST", "/articles", {"language": "en", "title": "Return of the draft"}, status=201)

        async def hits(query: str) -> list[str]:
            return [hit["id"] for hit in (await ask(service, "GET", f"/articles/search?q={quote(query)}"))["data"]]

        assert await hits("how do I return my goods?") == [returns, invoice]
        assert await hits("retrun goosd") == [returns, invoice]
        assert await hits("refund") == [returns]
        assert await hits("invoi") == [invoice]
        assert await hits("كتابهاي") == [persian]
        assert await hits("بازکشت كالا") == [persian]
        assert await hits("30") == [persian, returns] or await hits("30") == [returns, persian]
        assert await hits("nothing-like-it-at-all-zzz") == []
        in_category = (await ask(service, "GET", "/articles/search?q=parcel&category=returns&language=en"))["data"]
        await ask(service, "PUT", f"/articles/{invoice}", {"category": "billing", "tags": ["rechnung"]})
        assert await hits("rechnung") == [invoice]
        await ask(service, "POST", f"/articles/{returns}/texts/en/state", {"version": 1, "state": "archived"})
        assert await hits("refund") == []
    assert [(hit["id"], hit["title"], hit["excerpt"]) for hit in in_category] == [(returns, "How to return goods", "Send the parcel back within 30 days.")]


async def test_versions_and_what_readers_say(cluster: PrivateCluster) -> None:
    """U18: a draft changes nothing until it is published; opinions belong to a version, the last word of a reader counts."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        article = await publish(service, "Old title", "old **words** <script>")
        for reader, helpful in (("a", False), ("b", True), ("a", True), ("c", False)):
            judged = await ask(service, "POST", f"/articles/{article}/feedback", {"language": "en", "helpful": helpful, "reader": reader})
        drafted = await ask(service, "POST", f"/articles/{article}/texts/en", {"title": "New title", "body": "new"}, status=201)
        before = (await ask(service, "GET", "/articles/search?q=title"))["data"]
        await ask(service, "POST", f"/articles/{article}/texts/en/state", {"version": 2, "state": "published"})
        after = (await ask(service, "GET", "/articles/search?q=title"))["data"]
        texts = (await ask(service, "GET", f"/articles/{article}"))["texts"]
        listed = (await ask(service, "GET", "/articles?state=published"))["data"]
        no_text = await ask(service, "POST", f"/articles/{article}/feedback", {"language": "fa", "helpful": True, "reader": "a"}, status=404)
        no_version = await ask(service, "POST", f"/articles/{article}/texts/en/state", {"version": 9, "state": "published"}, status=404)
    assert [(text["helped"], text["not_helped"]) for text in judged["texts"]] == [(2, 1)]
    assert [text["version"] for text in drafted["texts"]] == [2, 1]
    assert ([hit["title"] for hit in before], [hit["title"] for hit in after]) == (["Old title"], ["New title"])
    assert [(text["version"], text["state"], text["helped"]) for text in texts] == [(2, "published", 0), (1, "archived", 2)]
    assert texts[1]["html"] == "<p>old <strong>words</strong> &lt;script&gt;</p>\n"
    assert [[text["version"] for text in each["texts"]] for each in listed] == [[2]]
    assert {no_text["code"], no_version["code"]} == {"article.unknown"}


async def test_replies_are_filled_in_for_a_customer_and_a_case(cluster: PrivateCluster) -> None:
    """U18: in the customer's language; what is not known is empty."""
    async with started(cluster, "interaction", "customer") as platform:
        service = platform["interaction"]
        made = await platform["customer"].call(
            "POST", "/api/v1/customers", json={"identities": ["user:anna"], "traits": {"name": "Anna", "language": "fa", "address": {"city": "X"}}}
        )
        await settle(platform)
        texts = {
            "en": "Dear {{ customer.name | default: 'customer' }}, case {{ case.number }}: {{ given.result }}", "fa": "{{ customer.name }} گرامی، {{ given.result }}",
        }
        await ask(service, "PUT", "/canned-replies/solved", {"texts": texts})
        case = (await service.call("POST", "/api/v1/cases", json={"subject": "Broken", "customer_id": made.json()["id"]})).json()
        own = await ask(service, "POST", "/canned-replies/solved/render", {"customer_id": made.json()["id"], "given": {"result": "ok"}})
        english = await ask(service, "POST", "/canned-replies/solved/render", {"case_id": case["id"], "language": "en", "given": {"result": "ok"}})
        nobody = await ask(service, "POST", "/canned-replies/solved/render", {})
        for path, body, code in (
            ("/canned-replies/none/render", {}, "reply.unknown"), ("/canned-replies/solved/render", {"case_id": str(UUID(int=1))}, "case.unknown"),
            ("/canned-replies/solved/render", {"customer_id": str(UUID(int=1))}, "customer.unknown"),
        ):
            assert (await ask(service, "POST", path, body, status=404))["code"] == code
        for text, code in (("{{ x", "reply.bad"), ("{{ x | nothing }}", "reply.bad"), ("{{ x " + "| upcase " * 21 + "}}", "reply.limit")):
            refused = await ask(service, "PUT", "/canned-replies/bad", {"texts": {"en": text}}, status=422)
            assert (refused["code"], refused["errors"][0]["pointer"]) == (code, "/texts/en")
        gone = await service.call("DELETE", "/api/v1/canned-replies/solved")
        listed = (await ask(service, "GET", "/canned-replies"))["data"]
    assert (own["language"], own["text"]) == ("fa", "Anna گرامی، ok")
    assert english["text"] == f"Dear Anna, case {case['number']}: ok"
    assert (nobody["language"], nobody["text"]) == ("en", "Dear customer, case : ")
    assert (gone.status, listed) == (204, [])
