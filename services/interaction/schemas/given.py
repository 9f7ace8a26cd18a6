"""What requests have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts import cards
from services.interaction import errors

#: No NUL: no text of the database could hold it.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
#: Minor units of a currency.
Minor = Annotated[int, Field(ge=0, le=10**15)]
Language = Annotated[str, StringConstraints(pattern=r"^(en|fa)$")]


class Given(BaseModel):
    """Input: nothing that is not asked for, and no number of a payment card."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_cards(cls, sent: Any) -> Any:
        pointer = cards.find_number(sent)
        if pointer is not None:
            raise errors.card_number(pointer)
        return sent
