"""SQL of articles and canned replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def put_article(db: Connection, *, article_id: UUID, category: str, tags: Sequence[str], now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO article (id, category, tags, updated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET category = excluded.category, tags = excluded.tags, updated_at = excluded.updated_at
        """,
        article_id, category, tags, now,
    )


async def lock_article(db: Connection, article_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM article WHERE id = $1 FOR UPDATE", article_id)


async def add_text(db: Connection, *, article_id: UUID, language: str, title: str, body: str, author: str, now: datetime) -> int:
    """A draft; its version."""
    version: int = await db.fetchval(
        """
        INSERT INTO article_text (article_id, language, version, title, body, state, author, created_at)
        SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, 'draft', $5, $6 FROM article_text WHERE article_id = $1 AND language = $2
        RETURNING version
        """,
        article_id, language, title, body, author, now,
    )
    return version


async def set_state(db: Connection, *, article_id: UUID, language: str, version: int, state: str) -> asyncpg.Record | None:
    """The version with its new state; of a language one version is published, the one before is archived by it."""
    if state == "published":
        await db.execute(
            "UPDATE article_text SET state = 'archived' WHERE article_id = $1 AND language = $2 AND state = 'published' AND version <> $3",
            article_id, language, version,
        )
    return await db.fetchrow(
        "UPDATE article_text SET state = $4 WHERE article_id = $1 AND language = $2 AND version = $3 RETURNING *", article_id, language, version, state
    )


async def put_terms(db: Connection, *, article_id: UUID, language: str, terms: Mapping[str, int]) -> None:
    """These words and no others are found."""
    await db.execute("DELETE FROM article_term WHERE article_id = $1 AND language = $2", article_id, language)
    await db.execute(
        "INSERT INTO article_term (article_id, language, term, weight) SELECT $1, $2, * FROM unnest($3::text[], $4::int[])",
        article_id, language, list(terms), list(terms.values()),
    )


async def find_published(db: Connection, *, article_id: UUID, language: str) -> asyncpg.Record | None:
    return await db.fetchrow(
        "SELECT * FROM article_text WHERE article_id = $1 AND language = $2 AND state = 'published'", article_id, language
    )


async def list_texts(db: Connection, articles: Sequence[UUID]) -> list[asyncpg.Record]:
    """All versions of articles, the newest first, with how many it helped."""
    return await db.fetch(
        """
        SELECT t.*, (SELECT count(*) FROM article_opinion o WHERE o.article_id = t.article_id AND o.language = t.language
                       AND o.version = t.version AND o.helpful)::int AS helped,
            (SELECT count(*) FROM article_opinion o WHERE o.article_id = t.article_id AND o.language = t.language
               AND o.version = t.version AND NOT o.helpful)::int AS not_helped
        FROM article_text t WHERE t.article_id = ANY($1::uuid[]) ORDER BY t.article_id, t.language, t.version DESC
        """,
        articles,
    )


async def list_articles(
    db: Connection, *, ids: Sequence[UUID] | None, category: str | None, state: str | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    return await db.fetch(
        """
        SELECT * FROM article a WHERE ($1::uuid[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR category = $2)
          AND ($3::text IS NULL OR EXISTS (SELECT FROM article_text t WHERE t.article_id = a.id AND t.state = $3))
          AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5
        """,
        ids, category, state, after, limit,
    )


async def list_words(db: Connection, *, language: str | None) -> list[str]:
    """The vocabulary of what is published: as large as the language of one company, not as its customers."""
    rows = await db.fetch("SELECT DISTINCT term FROM article_term WHERE $1::text IS NULL OR language = $1", language)
    return [row["term"] for row in rows]


async def list_with_terms(db: Connection, *, language: str | None, category: str | None, terms: Sequence[str]) -> list[asyncpg.Record]:
    """(article_id, language, term, weight) of articles that have one of the words."""
    return await db.fetch(
        """
        SELECT t.article_id, t.language, t.term, t.weight FROM article_term t JOIN article a ON a.id = t.article_id
        WHERE t.term = ANY($3::text[]) AND ($1::text IS NULL OR t.language = $1) AND ($2::text IS NULL OR a.category = $2)
        """,
        language, category, terms,
    )


async def put_opinion(
    db: Connection, *, article_id: UUID, language: str, reader: str, version: int, helpful: bool, comment: str, now: datetime
) -> None:
    await db.execute(
        """
        INSERT INTO article_opinion (article_id, language, reader, version, helpful, comment, said_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (article_id, language, reader) DO UPDATE SET version = excluded.version, helpful = excluded.helpful,
            comment = excluded.comment, said_at = excluded.said_at
        """,
        article_id, language, reader, version, helpful, comment, now,
    )


async def put_reply(db: Connection, *, name: str, texts: str, now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO canned_reply (name, texts, version, updated_at) VALUES ($1, $2, 1, $3)
        ON CONFLICT (name) DO UPDATE SET texts = excluded.texts, version = canned_reply.version + 1, updated_at = excluded.updated_at
        """,
        name, texts, now,
    )


async def delete_reply(db: Connection, name: str) -> bool:
    done: str = await db.execute("DELETE FROM canned_reply WHERE name = $1", name)
    return done == "DELETE 1"


async def find_reply(db: Connection, name: str) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM canned_reply WHERE name = $1", name)


async def list_replies(db: Connection) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM canned_reply ORDER BY name")
