"""Forms and their versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class FormRow(InteractionTable, table=True):
    """A form; `published` is the version that visitors see."""

    __tablename__ = "form"

    slug: str = Field(sa_type=Text, primary_key=True)
    newest: int
    published: int | None = None
    updated_at: datetime = Field(sa_type=TIME)


class FormVersionRow(InteractionTable, table=True):
    """A definition as it was written; never changed."""

    __tablename__ = "form_version"

    slug: str = Field(sa_type=Text, primary_key=True, foreign_key="form.slug")
    version: int = Field(primary_key=True)
    definition: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
