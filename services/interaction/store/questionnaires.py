"""Surveys and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from chassis.database import Connection


async def put_survey(
    db: Connection, survey_id: str, *, title: str, kind: str, questions: str, waves: str, active: bool, at: datetime
) -> None:
    """Create or replace a survey; its answers stay."""
    await db.execute(
        """
        INSERT INTO survey (survey_id, title, kind, questions, waves, active, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        ON CONFLICT (survey_id) DO UPDATE SET title = excluded.title, kind = excluded.kind, questions = excluded.questions, waves = excluded.waves,
            active = excluded.active, updated_at = excluded.updated_at
        """,
        survey_id, title, kind, questions, waves, active, at,
    )


async def find_survey(db: Connection, survey_id: str) -> asyncpg.Record | None:
    """One survey."""
    return await db.fetchrow("SELECT * FROM survey WHERE survey_id = $1", survey_id)


async def list_surveys(db: Connection) -> list[asyncpg.Record]:
    """All surveys by id, at most a thousand."""
    return await db.fetch("SELECT * FROM survey ORDER BY survey_id LIMIT 1000")


async def put_answers(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(survey_id, wave, question_id, identity, answer, answered_at, interaction_id): of one person the last answer in a wave counts."""
    await db.executemany(
        """
        INSERT INTO survey_answer AS a (survey_id, wave, question_id, identity, answer, answered_at, interaction_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (survey_id, wave, question_id, identity) DO UPDATE
        SET answer = excluded.answer, answered_at = excluded.answered_at, interaction_id = excluded.interaction_id
        WHERE (excluded.answered_at, excluded.interaction_id) > (a.answered_at, a.interaction_id)
        """,
        rows,
    )


async def list_answers(db: Connection, survey_id: str, wave: str | None) -> list[asyncpg.Record]:
    """All answers of a survey."""
    return await db.fetch(
        "SELECT wave, question_id, answer FROM survey_answer WHERE survey_id = $1 AND ($2::text IS NULL OR wave = $2)", survey_id, wave
    )


async def list_answers_of(db: Connection, identities: Sequence[bytes]) -> list[asyncpg.Record]:
    """Answers of somebody, the latest first."""
    return await db.fetch(
        """
        SELECT a.survey_id, s.title, a.wave, a.question_id, a.answer, a.answered_at FROM survey_answer a LEFT JOIN survey s USING (survey_id)
        WHERE a.identity = ANY($1::bytea[]) ORDER BY a.answered_at DESC, a.survey_id, a.question_id LIMIT 500
        """,
        identities,
    )
