"""What all requests have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts import cards
from services.customer import errors

IdentityText = Annotated[str, Field(min_length=3, max_length=620, examples=["user:42", "email:ada@example.com"])]
Reason = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


class Asked(BaseModel):
    """A request: fields it does not know are refused, and so are numbers of payment cards."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_cards(cls, sent: Any) -> Any:
        pointer = cards.find_number(sent)
        if pointer is not None:
            raise errors.card_number(pointer)
        return sent
