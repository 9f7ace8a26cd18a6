"""Inside only: which customers and identities are one person."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from chassis import web
from chassis.errors import Forbidden
from chassis.identity import Caller
from services.customer.api.asking import Here
from services.customer.queries.family import get_family

router = APIRouter(include_in_schema=False)


@router.get("/internal/family/{customer_id}")
async def show_family(here: Here, asking: Annotated[Caller, web.allow("privacy:manage")], customer_id: UUID) -> dict[str, Any]:
    """Ids of the family and keyed hashes of its identities."""
    if asking.kind != "service":
        raise Forbidden("privacy.inside_only", "This is answered to services only.")
    root, customers, identities = await get_family(here, customer_id=customer_id)
    return {"root": str(root), "customers": [str(one) for one in customers], "identities": [one.hex() for one in identities]}
