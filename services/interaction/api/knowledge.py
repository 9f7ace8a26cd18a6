"""The knowledge base and canned replies."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import knowledge
from services.interaction.schemas.given import Language

router = APIRouter(prefix="/api/v1", tags=["knowledge"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Lang = Annotated[str, Path(pattern=r"^(en|fa)$")]


@router.post("/articles", status_code=201, response_model=knowledge.ArticleView)
async def write_article(here: Here, caller: Writer, body: knowledge.WriteArticle) -> dict[str, Any]:
    article_id = await commands.knowledge.write_article(here, **body.model_dump(), author=caller.subject)
    return await queries.knowledge.get_article(here, article_id=article_id)


@router.get("/articles", response_model=web.Page[knowledge.ArticleView])
async def list_articles(
    here: Here, caller: Reader, *, category: str | None = None, state: knowledge.State | None = None, page_token: str | None = None, limit: Limit = 50
) -> dict[str, Any]:
    after = None
    if page_token:
        try:
            after = UUID(str(web.read_page_token(page_token, 1)[0]))
        except ValueError:
            raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
    found, following = await queries.knowledge.list_articles(here, category=category, state=state, after=after, limit=limit)
    return {"data": found, "next_page_token": web.page_token(following) if following else None}


@router.get("/articles/search", response_model=web.Page[knowledge.HitView])
async def search_articles(
    here: Here, caller: Reader, *, q: Annotated[str, Query(min_length=1, max_length=300)], language: Language | None = None,
    category: str | None = None, limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> dict[str, Any]:
    """Published articles by their words, begun and misspelt ones too, in either spelling of Persian."""
    return {"data": await queries.knowledge.search_articles(here, text=q, language=language, category=category, limit=limit)}


@router.get("/articles/{article_id}", response_model=knowledge.ArticleView)
async def get_article(
    here: Here, caller: Reader, article_id: UUID, language: Language | None = None, state: knowledge.State | None = None
) -> dict[str, Any]:
    return await queries.knowledge.get_article(here, article_id=article_id, language=language, state=state)


@router.put("/articles/{article_id}", response_model=knowledge.ArticleView)
async def sort_article(here: Here, caller: Writer, article_id: UUID, body: knowledge.Sort) -> dict[str, Any]:
    """Set category and tags."""
    await commands.knowledge.sort_article(here, article_id=article_id, **body.model_dump())
    return await queries.knowledge.get_article(here, article_id=article_id)


@router.post("/articles/{article_id}/texts/{language}", status_code=201, response_model=knowledge.ArticleView)
async def write_text(here: Here, caller: Writer, article_id: UUID, language: Lang, body: knowledge.WriteText) -> dict[str, Any]:
    """A new version of a language, a draft."""
    await commands.knowledge.write_text(here, article_id=article_id, language=language, **body.model_dump(), author=caller.subject)
    return await queries.knowledge.get_article(here, article_id=article_id)


@router.post("/articles/{article_id}/texts/{language}/state", response_model=knowledge.ArticleView)
async def set_state(here: Here, caller: Writer, article_id: UUID, language: Lang, body: knowledge.SetState) -> dict[str, Any]:
    await commands.knowledge.set_state(here, article_id=article_id, language=language, **body.model_dump())
    return await queries.knowledge.get_article(here, article_id=article_id)


@router.post("/articles/{article_id}/feedback", response_model=knowledge.ArticleView)
async def judge_article(here: Here, caller: Writer, article_id: UUID, body: knowledge.Opinion) -> dict[str, Any]:
    """Whether it helped; the last word of each reader counts."""
    await commands.knowledge.judge_article(here, article_id=article_id, **body.model_dump())
    return await queries.knowledge.get_article(here, article_id=article_id, language=body.language, state="published")


@router.get("/canned-replies", response_model=web.Page[knowledge.ReplyView])
async def list_replies(here: Here, caller: Reader) -> dict[str, Any]:
    return {"data": await queries.knowledge.list_replies(here)}


@router.get("/canned-replies/{name}", response_model=knowledge.ReplyView)
async def get_reply(here: Here, caller: Reader, name: Name) -> dict[str, Any]:
    return await queries.knowledge.get_reply(here, name=name)


@router.put("/canned-replies/{name}", response_model=knowledge.ReplyView)
async def put_reply(here: Here, caller: Writer, name: Name, body: knowledge.PutReply) -> dict[str, Any]:
    await commands.knowledge.put_reply(here, name=name, texts={str(language): text for language, text in body.texts.items()})
    return await queries.knowledge.get_reply(here, name=name)


@router.delete("/canned-replies/{name}", status_code=204)
async def delete_reply(here: Here, caller: Writer, name: Name) -> None:
    await commands.knowledge.delete_reply(here, name=name)


@router.post("/canned-replies/{name}/render", response_model=knowledge.Rendered)
async def render_reply(here: Here, caller: Reader, name: Name, body: knowledge.RenderReply) -> dict[str, str]:
    """The reply for a customer and a case, in the customer's language."""
    return await queries.knowledge.render_reply(here, name=name, **body.model_dump())
