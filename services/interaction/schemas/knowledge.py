"""Articles of the knowledge base and canned replies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Given, Language, Line, Slug, Text

State = Literal["draft", "published", "archived"]
Long = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]


class WriteArticle(Given):
    """A new article: its first text is a draft."""

    category: Slug = "general"
    tags: list[Line] = Field([], max_length=30)
    language: Language
    title: Line
    body: Long = ""

    model_config = {
        **Given.model_config,
        "json_schema_extra": {"example": {"category": "returns", "language": "en", "title": "How to send goods back", "body": "Within **30 days** …"}},
    }


class WriteText(Given):
    """A new version of a language, a draft; in Markdown."""

    title: Line
    body: Long = ""


class Sort(Given):
    category: Slug
    tags: list[Line] = Field([], max_length=30)


class SetState(Given):
    """`published` archives the version that was published before."""

    version: int = Field(ge=1)
    state: State


class Opinion(Given):
    """Whether it helped; the last word of a reader counts."""

    language: Language
    helpful: bool
    reader: Line
    comment: Text = ""


class TextView(BaseModel):
    language: str
    version: int
    title: str
    body: str
    html: str
    state: str
    author: str
    helped: int
    not_helped: int
    created_at: datetime


class ArticleView(BaseModel):
    """An article with the texts that are asked for."""

    id: UUID
    category: str
    tags: list[str]
    texts: list[TextView]
    updated_at: datetime


class HitView(BaseModel):
    """An answer of a search, the best first."""

    id: UUID
    language: str
    title: str
    category: str
    excerpt: str
    score: float


class PutReply(Given):
    """A text in each language, in Liquid: `customer`, `case`, `employee` and what the request adds as `given`."""

    texts: dict[Literal["en", "fa"], Annotated[str, StringConstraints(min_length=1, max_length=8000, pattern=r"^[^\x00]*$")]] = Field(min_length=1)

    model_config = {
        **Given.model_config,
        "json_schema_extra": {"example": {"texts": {"en": "Dear {{ customer.name | default: 'customer' }}, your case {{ case.number }} is solved."}}},
    }


class ReplyView(BaseModel):
    name: str
    texts: dict[str, str]
    version: int
    updated_at: datetime


class RenderReply(Given):
    """For whom: a customer, a case (its customer then), an employee."""

    language: Language | None = None
    customer_id: UUID | None = None
    case_id: UUID | None = None
    employee_id: UUID | None = None
    given: dict[str, Any] = Field({}, max_length=50)


class Rendered(BaseModel):
    language: str
    text: str
