"""People and roles, and the built-in issuer for deployments without an identity provider."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response
from pydantic import StringConstraints

from chassis import web
from chassis.errors import Invalid
from chassis.identity import Caller
from gateway import commands, errors, queries
from gateway.domain.people import Person
from gateway.domain.roles import NAME, Role
from gateway.schemas import people as schemas
from gateway.settings import GatewayService

router = APIRouter(prefix="/api/v1", tags=["people"])
issuer = APIRouter(prefix="/oidc", tags=["people"])

Here = Annotated[GatewayService, Depends(web.service)]
Administrator = Annotated[Caller, web.allow("admin")]
Anyone = Annotated[Caller, Depends(web.caller)]
RoleName = Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
Secret = Annotated[str, Form(max_length=256)]


@router.get("/me")
async def get_myself(asking: Anyone) -> schemas.MyselfView:
    """Who this key or token stands for, and its rights."""
    return schemas.MyselfView(subject=asking.subject, kind=asking.kind, scopes=sorted(asking.scopes), hides=sorted(asking.hides))


@router.post("/me/password", status_code=204)
async def change_own_password(here: Here, asking: Anyone, body: schemas.ChangePassword) -> None:
    """Another password for oneself; the present one is asked for again."""
    if asking.kind != "person" or ":" in asking.subject:  # somebody of another issuer has his password there
        raise errors.NotAPerson
    await commands.change_own_password(here, person_id=UUID(asking.subject), current=body.current, password=body.password)


@router.post("/people", status_code=201)
async def add_person(here: Here, asking: Administrator, body: schemas.AddPerson) -> schemas.PersonView:
    """Somebody who may sign in at the built-in issuer."""
    return _person(
        await commands.add_person(here, name=body.name, password=body.password, given=body.roles, actor=f"{asking.kind}:{asking.subject}")
    )


@router.get("/people")
async def list_people(here: Here, _asking: Administrator) -> web.Page[schemas.PersonView]:
    """Everybody who signs in here, by name."""
    return web.Page(data=[_person(each) for each in await queries.list_people(here)])


@router.patch("/people/{person_id}")
async def change_person(here: Here, _asking: Administrator, person_id: UUID, body: schemas.ChangePerson) -> schemas.PersonView:
    """Other roles, another password, out or in again: everywhere within five seconds."""
    changes = body.model_dump(exclude_unset=True)
    if empty := sorted(name for name, value in changes.items() if value is None):
        raise Invalid("people.not_null", f"These cannot be null: {', '.join(empty)}.")
    return _person(await commands.change_person(here, person_id=person_id, changes=changes))


@router.delete("/people/{person_id}", status_code=204)
async def remove_person(here: Here, _asking: Administrator, person_id: UUID) -> None:
    """Worth nothing any more, everywhere within five seconds."""
    await commands.remove_person(here, person_id=person_id)


@router.get("/roles")
async def list_roles(here: Here, _asking: Anyone) -> web.Page[schemas.RoleView]:
    """What each role may do and does not see: the six that are always there, and this deployment's own."""
    await commands.load_people(here)
    return web.Page(data=[_role(role) for _, role in sorted(here.resources.directory.roles.items())])


@router.put("/roles/{name}")
async def put_role(here: Here, _asking: Administrator, name: RoleName, body: schemas.PutRole) -> schemas.RoleView:
    """Make or change a role of this deployment, for example one that sees the credit limit and no contact data."""
    return _role(await commands.put_role(here, name=name, description=body.description, scopes=body.scopes, hides=body.hides))


@router.delete("/roles/{name}", status_code=204)
async def delete_role(here: Here, _asking: Administrator, name: RoleName) -> None:
    """Whoever has no other role may do nothing any more."""
    await commands.delete_role(here, name=name)


@issuer.get("/.well-known/openid-configuration")
async def get_configuration(here: Here) -> dict[str, Any]:
    """Discovery of the built-in issuer."""
    own = here.resources.directory.own_issuer
    return {
        "issuer": own, "jwks_uri": f"{own}/jwks.json", "token_endpoint": f"{own}/token", "grant_types_supported": ["password"],
        "response_types_supported": ["token"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["EdDSA"],
    }


@issuer.get("/jwks.json")
async def get_keys(here: Here) -> dict[str, Any]:
    """The public keys of the built-in issuer."""
    found: dict[str, Any] = here.resources.directory.jwks()
    return found


@issuer.post("/token")
async def sign_in(
    here: Here, response: Response, grant_type: Annotated[Literal["password"], Form()], username: Secret, password: Secret
) -> schemas.TokenView:
    """Sign in with name and password; the token is sent as `Authorization: Bearer TOKEN`."""
    person = await commands.sign_in(here, name=username, password=password)
    seconds = here.settings.people_token_minutes * 60
    response.headers["cache-control"] = "no-store"
    return schemas.TokenView(access_token=here.resources.directory.token(person, seconds=seconds), expires_in=seconds)


def _person(person: Person) -> schemas.PersonView:
    return schemas.PersonView.model_validate({name: value for name, value in person._asdict().items() if name not in {"password_hash", "failures"}})


def _role(role: Role) -> schemas.RoleView:
    return schemas.RoleView(name=role.name, description=role.description, scopes=sorted(role.scopes), hides=sorted(role.hides), own=role.own)
