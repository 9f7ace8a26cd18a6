"""What requests to this service have in common: who asks, of whom they speak, where a page begins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from contracts.identity import BadIdentity, parse_identity
from services.consent import errors
from services.consent.commands import Subject
from services.consent.settings import ConsentService

Here = Annotated[ConsentService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("consent:read")]
Writing = Annotated[Caller, web.allow("consent:write")]


def before(page_token: str | None) -> UUID | None:
    """The id that a page token names. Raises Invalid."""
    try:
        return UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


def number(page_token: str | None) -> int:
    """The number that a page token names, 0 without one. Raises Invalid."""
    if page_token is None:
        return 0
    (found,) = web.read_page_token(page_token, 1)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.")


def subject(here: ConsentService, *, customer_id: UUID | None, identity: str | None) -> Subject:
    """Exactly one of the two. Raises BadSubject."""
    if (customer_id is None) == (identity is None):
        raise errors.BadSubject("exactly one of the two")
    if customer_id is not None:
        return Subject(customer_id=customer_id)
    try:
        key = parse_identity(identity or "")
    except BadIdentity as bad:
        raise errors.BadSubject(str(bad)) from None
    return Subject(identity=here.hash_identity(str(key)))


def actor(asking: Caller) -> str:
    return f"{asking.kind}:{asking.subject}"
