"""Schema changes: one Alembic history per service, run by the owner of its database, never by the service itself."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import asyncpg
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.database import Connection as Reading

MIGRATION_LOCK: Final = 7_305_000

#: Tables every service has for what the chassis promises. Changes come as CHASSIS_V2 in a later migration.
CHASSIS_V1: Final = """
CREATE TABLE outbox (
    id bigserial PRIMARY KEY, records int NOT NULL, payload bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE outbox ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE TABLE inbox (id bytea NOT NULL PRIMARY KEY, seen_on date NOT NULL);
CREATE INDEX inbox_seen_on ON inbox (seen_on);
CREATE TABLE consumer_offset (
    reader text NOT NULL, topic text NOT NULL, partition int NOT NULL, next bigint NOT NULL, origin bigint,
    advanced_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (reader, topic, partition));
CREATE TABLE dead_letter (
    id uuid PRIMARY KEY, reader text NOT NULL, topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL,
    key bytea NOT NULL, value bytea, headers bytea NOT NULL, appended_at timestamptz NOT NULL, cause text NOT NULL, place text NOT NULL,
    parks boolean NOT NULL, corrected bytea, state text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL DEFAULT now(), closed_at timestamptz,
    UNIQUE (reader, topic, partition, record_offset));
CREATE INDEX dead_letter_open ON dead_letter (reader, topic, key) WHERE state = 'open';
CREATE TABLE dead_letter_act (
    letter_id uuid NOT NULL, at timestamptz NOT NULL, act text NOT NULL, actor text NOT NULL, before text, after text, cause text);
CREATE INDEX dead_letter_act_letter ON dead_letter_act (letter_id, at);
CREATE TABLE parked (
    reader text NOT NULL, topic text NOT NULL, key bytea NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL,
    value bytea, headers bytea NOT NULL, appended_at timestamptz NOT NULL, PRIMARY KEY (reader, topic, key, partition, record_offset));
"""

CHASSIS_TABLES: Final = frozenset({"outbox", "inbox", "consumer_offset", "dead_letter", "dead_letter_act", "parked", "alembic_version"})


@dataclass(frozen=True)
class Schema:
    """What a database is at, and the revisions of older code that may still work with it, as its migrations said."""

    revision: str | None
    older: frozenset[str] = frozenset()

    def serves(self, head: str) -> bool:
        """Whether code whose newest revision is `head` may work with it."""
        return head == self.revision or head in self.older


async def schema(db: Reading) -> Schema:
    """What the database says of itself; any role may ask."""
    try:
        row = await db.fetchrow("SELECT version_num, obj_description('alembic_version'::regclass, 'pg_class') AS said FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return Schema(None)
    if row is None:
        return Schema(None)
    try:
        older = json.loads(row["said"] or "[]")
    except ValueError:
        older = []
    return Schema(row["version_num"], frozenset(older))


class Executor(Protocol):
    """Alembic's `op`."""

    def execute(self, sqltext: TextClause) -> None: ...


def create_chassis_tables(op: Executor) -> None:
    """For the first migration of every service."""
    for statement in CHASSIS_V1.split(";\n"):
        if statement.strip():
            op.execute(text(statement))


async def upgrade(url: str, package: str) -> tuple[str | None, str]:
    """Bring a database to the newest revision of `package` (for example `services.customer.migrations`).

    Returns the revision before and after. A newer database stays as it is when it still serves this code, as after a rollback; else
    RuntimeError. Every step only adds (expand); one that takes away what older code needs (contract) says so by `BREAKS_OLDER = True`
    in its file, and comes a release after the last code that needed it.
    """
    script = _script(package)
    head = script.get_current_head()
    assert head is not None, f"{package} has no revision"
    engine = create_async_engine(_dialect(url), poolclass=NullPool, connect_args={"server_settings": {"lock_timeout": "2s"}})
    try:
        async with engine.connect() as connection:
            before = await connection.run_sync(_current)
            if before == head:
                return before, head
            if before is not None and before not in {revision.revision for revision in script.walk_revisions()}:
                if head in await connection.run_sync(_older):
                    return before, before
                raise RuntimeError(f"the database is at revision {before}, which this version does not know: use a newer version")
            async with connection.begin():
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                await connection.run_sync(_upgrade, script)
                await connection.run_sync(_promise, script)
        return before, head
    finally:
        await engine.dispose()


async def current(url: str) -> str | None:
    """The revision a database is at."""
    engine = create_async_engine(_dialect(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


def head(package: str) -> str:
    """The newest revision of a package."""
    found = _script(package).get_current_head()
    assert found is not None, f"{package} has no revision"
    return found


def _script(package: str) -> ScriptDirectory:
    folder = Path(str(importlib.import_module(package).__path__[0]))
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _current(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return found


def _upgrade(connection: Connection, script: ScriptDirectory) -> None:
    config = Config()

    def steps(revision: object, _context: MigrationContext) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, fn=steps)
        environment.run_migrations()


def _promise(connection: Connection, script: ScriptDirectory) -> None:
    """Write down which older code may still work with this schema: all since the last step that took something away."""
    older: list[str] = []
    for revision in script.walk_revisions():  # from the newest
        older.append(revision.revision)
        if getattr(revision.module, "BREAKS_OLDER", False):
            break
    said = json.dumps(older[1:])
    assert "'" not in said, said
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{said}'"))  # COMMENT takes no parameters; the names are our own


def _older(connection: Connection) -> list[str]:
    said = connection.execute(text("SELECT obj_description('alembic_version'::regclass, 'pg_class')")).scalar()
    connection.rollback()
    found: list[str] = json.loads(said or "[]")
    return found


def _dialect(url: str) -> str:
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    return parsed.render_as_string(hide_password=False)
