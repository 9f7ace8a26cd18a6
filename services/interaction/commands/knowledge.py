"""The knowledge base and canned replies: written, published, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from chassis import ids
from services.interaction import errors
from services.interaction.domain import knowledge, replies
from services.interaction.settings import InteractionService
from services.interaction.store import knowledge as store

_encode = msgspec.json.Encoder().encode


async def write_article(
    service: InteractionService, *, category: str, tags: Sequence[str], language: str, title: str, body: str, author: str
) -> UUID:
    """A new article with a draft."""
    article_id, now = ids.new_id(), service.clock.now()
    async with service.transaction() as tx:
        await store.put_article(tx.db, article_id=article_id, category=category, tags=tags, now=now)
        await store.add_text(tx.db, article_id=article_id, language=language, title=title, body=body, author=author, now=now)
    return article_id


async def write_text(service: InteractionService, *, article_id: UUID, language: str, title: str, body: str, author: str) -> int:
    """A new draft of a language; its version. Raises Unknown."""
    async with service.transaction() as tx:
        if await store.lock_article(tx.db, article_id) is None:
            raise errors.unknown_article()
        return await store.add_text(
            tx.db, article_id=article_id, language=language, title=title, body=body, author=author, now=service.clock.now()
        )


async def sort_article(service: InteractionService, *, article_id: UUID, category: str, tags: Sequence[str]) -> None:
    """Set category and tags; what is published is found by the new tags at once. Raises Unknown."""
    async with service.transaction() as tx:
        if await store.lock_article(tx.db, article_id) is None:
            raise errors.unknown_article()
        await store.put_article(tx.db, article_id=article_id, category=category, tags=tags, now=service.clock.now())
        for text in await store.list_texts(tx.db, [article_id]):
            if text["state"] == "published":
                terms = knowledge.weights(title=text["title"], body=text["body"], tags=tags)
                await store.put_terms(tx.db, article_id=article_id, language=text["language"], terms=terms)


async def set_state(service: InteractionService, *, article_id: UUID, language: str, version: int, state: str) -> None:
    """Publish, archive or take back a version; only what is published is found. Raises Unknown."""
    async with service.transaction() as tx:
        article = await store.lock_article(tx.db, article_id)
        if article is None or await store.set_state(tx.db, article_id=article_id, language=language, version=version, state=state) is None:
            raise errors.unknown_article()
        text = await store.find_published(tx.db, article_id=article_id, language=language)
        terms = {} if text is None else knowledge.weights(title=text["title"], body=text["body"], tags=article["tags"])
        await store.put_terms(tx.db, article_id=article_id, language=language, terms=terms)


async def judge_article(
    service: InteractionService, *, article_id: UUID, language: str, reader: str, helpful: bool, comment: str
) -> None:
    """Whether what is published helped a reader. Raises Unknown."""
    async with service.transaction() as tx:
        text = await store.find_published(tx.db, article_id=article_id, language=language)
        if text is None:
            raise errors.unknown_article()
        await store.put_opinion(
            tx.db, article_id=article_id, language=language, reader=reader, version=text["version"], helpful=helpful, comment=comment,
            now=service.clock.now(),
        )


async def put_reply(service: InteractionService, *, name: str, texts: Mapping[str, str]) -> None:
    """Write a canned reply. Raises Invalid for Liquid that is none or wants too much."""
    for language, text in texts.items():
        try:
            replies.check(text)
        except replies.BadReply as error:
            raise errors.wrong("reply.limit" if error.limit else "reply.bad", f"/texts/{language}", f"Liquid: {error}.") from None
    async with service.transaction() as tx:
        await store.put_reply(tx.db, name=name, texts=_encode(texts).decode(), now=service.clock.now())


async def delete_reply(service: InteractionService, *, name: str) -> None:
    """Raises Unknown."""
    async with service.transaction() as tx:
        if not await store.delete_reply(tx.db, name):
            raise errors.unknown_reply()
