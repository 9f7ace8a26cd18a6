"""What the customer service holds of the person at the page, and what the person says about it: told as `person`, not as this service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.errors import Conflict, Invalid, Unavailable
from chassis.identity import Caller
from chassis.peers import Answer
from services.consent.settings import ConsentService

#: The person sees what is kept from most employees: it is theirs.
SCOPES: Final = frozenset({"customers:read", "customers:write", "customers:sensitive"})
SECONDS: Final = 4.0


class Person(NamedTuple):
    """The profile as the customer service answers it, the choices, and what defined traits are for."""

    customer_id: UUID
    version: int
    profile: Mapping[str, Any]
    preferences: Mapping[str, Any]
    meanings: Mapping[str, Mapping[str, Any]]


async def fetch(service: ConsentService, *, customer_id: UUID) -> Person | None:
    """None when nobody is known under the id. Raises Unavailable."""
    answer = await _ask(service, "GET", f"/api/v1/customers/{customer_id}")
    if answer.status in {404, 410}:
        return None
    profile = _read(answer)
    preferences = _read(await _ask(service, "GET", f"/api/v1/customers/{customer_id}/preferences"))
    defined = _read(await _ask(service, "GET", "/api/v1/traits"))
    meanings = {one["name"]: one for one in defined["data"] if one.get("defined")}
    return Person(UUID(profile["id"]), int(profile["version"]), profile, preferences, meanings)


async def choose(service: ConsentService, *, customer_id: UUID, language: str | None, channel: str | None, before: Mapping[str, str]) -> None:
    """Language and channel of messages; None: no preference. Choices for single purposes stay. Raises Unavailable, Invalid."""
    channels = {purpose: chosen for purpose, chosen in before.items() if purpose != "*"}
    if channel is not None:
        channels["*"] = channel
    _read(await _ask(service, "PUT", f"/api/v1/customers/{customer_id}/preferences", json={"language": language, "channels": channels}))


async def correct(service: ConsentService, *, customer_id: UUID, version: int, traits: Mapping[str, Any]) -> None:
    """What the person says of themselves. Raises Conflict when the profile changed since, Invalid, Unavailable."""
    _read(
        await _ask(
            service, "PATCH", f"/api/v1/customers/{customer_id}", json={"traits": dict(traits)}, headers={"if-match": f'"{version}"'}
        )
    )


async def hide(service: ConsentService, *, customer_id: UUID, version: int, fields: list[str]) -> None:
    """What the person hides, all of it. Raises Conflict when the profile changed since, Invalid, Unavailable."""
    _read(
        await _ask(service, "PUT", f"/api/v1/customers/{customer_id}/hidden-fields", json={"fields": fields}, headers={"if-match": f'"{version}"'})
    )


async def _ask(service: ConsentService, method: str, path: str, **more: Any) -> Answer:
    token = service.tokens.mint("customer", Caller(subject="person", kind="service", scopes=SCOPES))
    return await service.peers["customer"].call(method, path, token=token, timeout=SECONDS, **more)


def _read(answer: Answer) -> Any:
    if answer.status < 300:
        return answer.json()
    if answer.status == 412:
        raise Conflict("consent.profile_changed", "The data changed in the meantime.")
    if answer.status in (409, 422):
        said = answer.json()
        faults = [fault["detail"] for fault in said.get("errors", [])]
        raise Invalid("consent.not_taken_over", str(faults[0] if faults else said.get("detail", "")))
    raise Unavailable("peer.unavailable", "The customer service does not answer.", detail=f"status {answer.status}")
