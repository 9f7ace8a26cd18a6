"""The knowledge base: found, read, and filled into canned replies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain import form_pages, knowledge, replies
from services.interaction.queries import cases
from services.interaction.settings import InteractionService
from services.interaction.store import knowledge as store
from services.interaction.store import people

EXCERPT: Final = 240

_decode = msgspec.json.Decoder().decode


async def get_article(service: InteractionService, *, article_id: UUID, language: str | None = None, state: str | None = None) -> dict[str, Any]:
    """With its versions, all or those of a language or state. Raises Unknown."""
    async with service.read() as db:
        rows = await store.list_articles(db, ids=[article_id], category=None, state=None, after=None, limit=1)
        if not rows:
            raise errors.unknown_article()
        texts = await store.list_texts(db, [article_id])
    return _article(rows[0], [text for text in texts if language in {None, text["language"]} and state in {None, text["state"]}])


async def list_articles(
    service: InteractionService, *, category: str | None, state: str | None, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page with the texts of that state (all without one)."""
    async with service.read() as db:
        rows = await store.list_articles(db, ids=None, category=category, state=state, after=after, limit=limit + 1)
        texts = await store.list_texts(db, [row["id"] for row in rows[:limit]])
    found = [
        _article(row, [text for text in texts if text["article_id"] == row["id"] and state in {None, text["state"]}]) for row in rows[:limit]
    ]
    return found, rows[limit - 1]["id"] if len(rows) > limit else None


async def search_articles(
    service: InteractionService, *, text: str, language: str | None, category: str | None, limit: int
) -> list[dict[str, Any]]:
    """Published articles by their words, the best first; begun and misspelt words find them, too, in either spelling of Persian."""
    words = knowledge.wanted(text)
    async with service.read() as db:
        vocabulary = await store.list_words(db, language=language)
        meanings = [knowledge.near(word, vocabulary) for word in words]
        terms = sorted({term for meaning in meanings for term in meaning})
        articles: dict[str, dict[str, int]] = {}
        for row in await store.list_with_terms(db, language=language, category=category, terms=terms):
            articles.setdefault(f"{row['article_id']}/{row['language']}", {})[row["term"]] = row["weight"]
        best = knowledge.rank(meanings, articles)[:limit]
        ids = [UUID(key.partition("/")[0]) for _, key in best]
        rows = {row["id"]: row for row in await store.list_articles(db, ids=ids, category=None, state=None, after=None, limit=len(ids) + 1)}
        texts = {f"{row['article_id']}/{row['language']}": row for row in await store.list_texts(db, ids) if row["state"] == "published"}
    return [
        {
            "id": UUID(key.partition("/")[0]), "language": texts[key]["language"], "title": texts[key]["title"],
            "category": rows[UUID(key.partition("/")[0])]["category"], "excerpt": " ".join(texts[key]["body"].split())[:EXCERPT], "score": round(score, 2),
        }
        for score, key in best if key in texts
    ]


async def list_replies(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [_reply(row) for row in await store.list_replies(db)]


async def get_reply(service: InteractionService, *, name: str) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await store.find_reply(db, name)
    if row is None:
        raise errors.unknown_reply()
    return _reply(row)


async def render_reply(
    service: InteractionService, *, name: str, language: str | None, customer_id: UUID | None, case_id: UUID | None, employee_id: UUID | None,
    given: dict[str, Any],
) -> dict[str, str]:
    """Fill a reply in for a customer and a case; without a language in the customer's own. Raises Unknown, Invalid."""
    reply = await get_reply(service, name=name)
    data: dict[str, Any] = {"given": given, "customer": {}, "case": {}, "employee": {}}
    if case_id is not None:
        case = await cases.get_case(service, case_id=case_id)
        data["case"] = {part: case.get(part) for part in ("number", "subject", "status", "priority", "channel", "language", "kind")}
        customer_id = customer_id or case.get("customer_id")
    if customer_id is not None:
        data["customer"] = await _customer(service, customer_id)
    if employee_id is not None:
        async with service.read() as db:
            employee = await people.find_employee(db, employee_id)
        if employee is None:
            raise errors.unknown_employee()
        data["employee"] = {"name": employee["name"], "email": employee["email"]}
    wanted = [language] if language else [str(data["customer"].get("language") or ""), str(data["case"].get("language") or "")]
    chosen = form_pages.chosen_language([each for each in wanted if each], sorted(reply["texts"]))
    try:
        # Rendering is bounded, but not instant: others are answered meanwhile.
        text = await asyncio.to_thread(replies.render, reply["texts"][chosen], {**data, "locale": chosen})
    except replies.BadReply as error:
        raise errors.wrong("reply.limit" if error.limit else "reply.bad", f"/texts/{chosen}", f"Liquid: {error}.") from None
    return {"language": chosen, "text": text}


async def _customer(service: InteractionService, customer_id: UUID) -> dict[str, Any]:
    """Simple traits, as the customer service knows them. Raises Unknown, Unavailable."""
    answer = await service.peers["customer"].call("GET", f"/api/v1/customers/{customer_id}", scopes=["customers:read"])
    if answer.status == 404:
        raise errors.unknown_customer()
    found = answer.json().get("traits", {}) if answer.status == 200 else {}
    return {"id": str(customer_id), **{name: value for name, value in found.items() if isinstance(value, (str, int, float, bool))}}


def _article(row: Any, texts: Sequence[Any]) -> dict[str, Any]:
    return {**row, "texts": [{**text, "html": form_pages.markdown(text["body"])} for text in texts]}


def _reply(row: Any) -> dict[str, Any]:
    return {**row, "texts": _decode(row["texts"])}
