"""People come, go, sign in; roles are made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from chassis import field_rights
from chassis.ids import new_id
from gateway import errors
from gateway.domain import keys, people, roles
from gateway.domain.people import Person
from gateway.domain.roles import Role
from gateway.outbound.directory import Directory
from gateway.settings import GatewayService
from gateway.store import people as store


async def add_person(service: GatewayService, *, name: str, password: str, given: Sequence[str], actor: str) -> Person:
    """Raises UnknownRole, NameTaken, GuessablePassword."""
    await _check(service, given)
    await _hard(password, name)
    now = service.clock.now()
    password_hash = await asyncio.to_thread(people.hashed, password)
    person = Person(new_id(), name, password_hash, list(given), False, 0, None, now, actor, now)
    async with service.transaction() as tx:
        if not await store.insert(tx.db, person):
            raise errors.NameTaken
    await load_people(service)
    return person


async def change_person(service: GatewayService, *, person_id: UUID, changes: Mapping[str, Any]) -> Person:
    """`roles`, `disabled`, `password`; takes effect in every process within seconds. Raises UnknownPerson, UnknownRole, GuessablePassword."""
    given = dict(changes)
    if "roles" in given:
        await _check(service, given["roles"])
    if "password" in given:
        async with service.read() as db:
            named = await store.find(db, person_id)
        await _hard(given["password"], named.name if named else "")
        given["password_hash"] = await asyncio.to_thread(people.hashed, given.pop("password"))
        given |= {"failures": 0, "locked_until": None}
    async with service.transaction() as tx:
        known = await store.find(tx.db, person_id)
        if known is None:
            raise errors.UnknownPerson
        person = known._replace(**given, changed_at=service.clock.now())
        await store.update(tx.db, person)
    await load_people(service)
    return person


async def remove_person(service: GatewayService, *, person_id: UUID) -> None:
    """Raises UnknownPerson."""
    async with service.transaction() as tx:
        if not await store.delete(tx.db, person_id):
            raise errors.UnknownPerson
    await load_people(service)


async def sign_in(service: GatewayService, *, name: str, password: str) -> Person:
    """Raises BadPassword for every cause alike, in the same time; ten failures in a row lock the account for a quarter of an hour."""
    now = service.clock.now()
    async with service.transaction() as tx:
        known = await store.named(tx.db, name)
    locked = known is not None and known.locked_until is not None and known.locked_until > now
    right = await asyncio.to_thread(people.fits, password, known.password_hash if known else _nobody())
    if known is not None and not locked:
        failures = 0 if right else known.failures + 1
        until = now + people.LOCKED if failures >= people.FAILURES else None
        if failures or known.failures:
            async with service.transaction() as tx:
                await store.update(tx.db, known._replace(failures=0 if until else failures, locked_until=until))
    if known is None or locked or not right or known.disabled:
        raise errors.BadPassword
    return known


async def put_role(service: GatewayService, *, name: str, description: str, scopes: Sequence[str], hides: Sequence[str]) -> Role:
    """Make or change a role of this deployment. Raises BuiltInRole, UnknownScope, UnknownField."""
    if name in roles.BUILT_IN:
        raise errors.BuiltInRole
    if set(scopes) - set(keys.SCOPES):
        raise errors.UnknownScope(list(keys.SCOPES))
    if unknown := field_rights.known(hides):
        raise errors.UnknownField(unknown[0])
    role = Role(name, description, frozenset(scopes), frozenset(hides), own=True)
    async with service.transaction() as tx:
        await store.put_role(tx.db, role, at=service.clock.now())
    await load_people(service)
    return role


async def delete_role(service: GatewayService, *, name: str) -> None:
    """Whoever has only this role may do nothing any more. Raises BuiltInRole, UnknownRole."""
    if name in roles.BUILT_IN:
        raise errors.BuiltInRole
    async with service.transaction() as tx:
        if not await store.delete_role(tx.db, name):
            raise errors.UnknownRole(name)
    await load_people(service)


async def end_session(service: GatewayService, *, session_id: str, until: datetime) -> None:
    """Its cookie opens nothing any more: here at once, in other processes within two seconds. It is remembered until it would be over by itself."""
    async with service.transaction() as tx:
        await store.end_session(tx.db, session_id, until=until, now=service.clock.now())
    await load_people(service)


async def load_people(service: GatewayService) -> None:
    """Take over who is there and what roles mean; every process does it every two seconds."""
    await fill_directory(service, service.resources.directory)


async def fill_directory(service: GatewayService, directory: Directory) -> None:
    """The same before the gateway opens."""
    async with service.read() as db:
        own, everybody, ended = await store.roles(db), await store.everybody(db), await store.ended_sessions(db)
    directory.take(everybody, own, ended)


async def change_own_password(service: GatewayService, *, person_id: UUID, current: str, password: str) -> None:
    """Takes the present password, too; wrong ones count like those at the door. Raises UnknownPerson, BadPassword, GuessablePassword."""
    async with service.read() as db:
        known = await store.find(db, person_id)
    if known is None:
        raise errors.UnknownPerson
    await sign_in(service, name=known.name, password=current)
    await change_person(service, person_id=person_id, changes={"password": password})


async def _hard(password: str, name: str) -> None:
    if await asyncio.to_thread(people.guessable, password, name):
        raise errors.GuessablePassword


async def _check(service: GatewayService, given: Sequence[str]) -> None:
    await load_people(service)
    for name in given:
        if name not in service.resources.directory.roles:
            raise errors.UnknownRole(name)


@cache
def _nobody() -> str:
    """A hash that fits nothing, so that an unknown name takes as long as a known one."""
    return people.hashed(str(new_id()))
