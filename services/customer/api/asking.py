"""What every request to this service says: to whom, with which rights, from where on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from services.customer.settings import CustomerService

Here = Annotated[CustomerService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("customers:read")]
Writing = Annotated[Caller, web.allow("customers:write")]
AsOf = Annotated[AwareDatetime | None, Query(description="As it was known at that time.")]
Limit = Annotated[int, Query(ge=1, le=500)]


def after(token: str | None) -> UUID | None:
    if token is None:
        return None
    try:
        return UUID(str(web.read_page_token(token, 1)[0]))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def place(token: str | None) -> int:
    """The place in a list of answers that a page token names; the beginning without one. Raises Invalid."""
    if token is None:
        return 0
    (found,) = web.read_page_token(token, 1)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")


def source(asking: Caller) -> str:
    return f"api:{asking.subject}"
