"""Articles of the knowledge base and canned replies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class ArticleRow(InteractionTable, table=True):
    __tablename__ = "article"

    id: UUID = Field(primary_key=True)
    category: str = Field(sa_type=Text)
    tags: list[str] = Field(sa_type=TEXTS)
    updated_at: datetime = Field(sa_type=TIME)


class ArticleTextRow(InteractionTable, table=True):
    """A version of an article in a language; what was written is never changed, only its state."""

    __tablename__ = "article_text"
    __table_args__ = (Index("article_text_state", "state", "language"),)

    article_id: UUID = Field(primary_key=True, foreign_key="article.id")
    language: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    author: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)


class ArticleTermRow(InteractionTable, table=True):
    """A word of what is published, and how much it counts."""

    __tablename__ = "article_term"
    __table_args__ = (Index("article_term_word", "language", "term"),)

    article_id: UUID = Field(primary_key=True)
    language: str = Field(sa_type=Text, primary_key=True)
    term: str = Field(sa_type=Text, primary_key=True)
    weight: int


class ArticleOpinionRow(InteractionTable, table=True):
    """Whether it helped; the last word of each reader."""

    __tablename__ = "article_opinion"

    article_id: UUID = Field(primary_key=True, foreign_key="article.id")
    language: str = Field(sa_type=Text, primary_key=True)
    reader: str = Field(sa_type=Text, primary_key=True)
    version: int
    helpful: bool
    comment: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=TIME)


class CannedReplyRow(InteractionTable, table=True):
    __tablename__ = "canned_reply"

    name: str = Field(sa_type=Text, primary_key=True)
    texts: str = Field(sa_type=Text)
    version: int
    updated_at: datetime = Field(sa_type=TIME)
