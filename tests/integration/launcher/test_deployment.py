"""deploy/: what the compose file names exists, each process can start from the files of `ecrm secrets`, and roles.sql makes usable databases."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from pathlib import Path

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from chassis import migrating, settings
from chassis.clock import Clock
from chassis.identity import Caller, Tokens
from chassis.settings import PlatformSettings, SettingsError
from launcher import __main__ as command_line
from launcher import publishing, roster, secrets
from launcher.embedded_postgres import PrivateCluster
from tests.support.cluster import running_cluster

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
#: Read by the launcher itself, not by a settings class.
LAUNCHER_VARIABLES = {
    "ECRM_KAFKA_URL", "ECRM_HOST", "ECRM_PORT", "ECRM_ADMIN_KEY", "ECRM_SOURCE_KEY", "ECRM_TLS_CERT", "ECRM_TLS_KEY", "ECRM_TLS_CA",
    "ECRM_PART", "ECRM_ADMIN_PORT", "ECRM_DRAIN", "ECRM_KAFKA_TLS", "ECRM_KAFKA_CA", "ECRM_KAFKA_USER", "ECRM_KAFKA_PASSWORD", "ECRM_LOG_TOPIC_PREFIX",
    *(f"ECRM_{name.upper()}_URL" for name in roster.PROCESSES),
}
#: Read by compose itself.
COMPOSE_VARIABLES = {"ECRM_UID", "ECRM_LISTEN", "ECRM_MAIL_LISTEN"}


def section(name: str) -> str:
    """The lines of one service of the compose file."""
    found = re.search(rf"^  {name}:\n((?:    .*\n)+)", COMPOSE, re.MULTILINE)
    assert found, f"compose.yaml has no service {name}"
    return found.group(1)


def shared() -> str:
    return COMPOSE[COMPOSE.index("x-environment:") : COMPOSE.index("\nservices:")]


def known_settings() -> set[str]:
    names = set(re.findall(r"`(ECRM_[A-Z_]+)`", publishing.settings_page()))
    assert {"ECRM_PUBLIC_URL", "ECRM_ANALYTICS_DATA_DIR"} <= names
    return names


def environment_of(process: str, folder: Path) -> dict[str, str]:
    """What the compose file gives a process, with the secrets in `folder`."""
    lines = re.findall(r"^ +(ECRM_[A-Z_]+): *(.+)$", shared() + section(process), re.MULTILINE)
    return {name: value.strip('"').replace("/run/secrets", str(folder)) for name, value in lines}


def test_every_process_has_its_command() -> None:
    for process in roster.PROCESSES:
        assert f"    command: [serve, {process}]\n" in section(process)
    assert len(re.findall(r"command: \[serve, ", COMPOSE)) == len(roster.PROCESSES)
    app = command_line.app
    command_line._mount_rooms()
    known = typer.main.get_command(app)
    for words in re.findall(r"python -m launcher ([a-z -]+?)(?: &&|\")", section("prepare")):
        group: object = known
        for word in [word for word in words.split() if not word.startswith("--")]:
            group = getattr(group, "commands", {}).get(word)
            assert group is not None, f"ecrm {words} is no command"
    assert "serve" in getattr(known, "commands", {})


def test_the_door_for_mail_can_be_reached() -> None:
    """The port the interaction service listens on is the one that is published, and the image names it."""
    port = re.search(r"ECRM_INTERACTION_MAIL_ADDRESS: 0\.0\.0\.0:(\d+)", section("interaction"))
    assert port is not None
    assert f'ports: ["${{ECRM_MAIL_LISTEN:-127.0.0.1:8105}}:{port[1]}"]' in section("interaction")
    assert port[1] in re.findall(r"\d+", (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").partition("EXPOSE")[2].splitlines()[0])
    assert port[1] != "25", "the image's user may not open it"


def test_every_variable_exists() -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"\bECRM_[A-Z_]+", COMPOSE)}
    assert named - known_settings() - LAUNCHER_VARIABLES - COMPOSE_VARIABLES == set()
    documented = {name for name in re.findall(r"\bECRM_[A-Z_]+", (ROOT / "deploy/README.md").read_text(encoding="utf-8")) if not name.endswith("_")}
    assert documented - known_settings() - LAUNCHER_VARIABLES - COMPOSE_VARIABLES == set()


def test_secrets_are_declared_given_and_made(tmp_path: Path) -> None:
    made = set(secrets.write_files(tmp_path / "secrets"))
    declared = dict(re.findall(r"^  ([a-z_.]+): \{file: \./secrets/([a-z_.]+)\}$", COMPOSE, re.MULTILINE))
    assert set(declared) == set(declared.values()) == made
    for service in (*roster.PROCESSES, "prepare"):
        wanted = set(re.findall(r"/run/secrets/([a-z_]+)", section(service) + shared()))
        listed = section(service)[section(service).index("secrets:") :]
        assert wanted == set(re.findall(r"[a-z_]+", listed.split("volumes:")[0])) - {"secrets"}, service


def test_secret_files_are_private_and_made_once(tmp_path: Path) -> None:
    command_line._mount_rooms()
    folder = tmp_path / "secrets"
    assert CliRunner().invoke(command_line.app, ["secrets", str(folder)]).exit_code == 0
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = CliRunner().invoke(command_line.app, ["secrets", str(folder)])
    assert again.exit_code == 1
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


@pytest.mark.parametrize("process", roster.PROCESSES)
def test_each_process_can_start_from_its_files_and_is_trusted(process: str, tmp_path: Path) -> None:
    secrets.write_files(tmp_path)
    environment = environment_of(process, tmp_path)
    platform = settings.read(PlatformSettings, environment=environment)
    if process != "collector":
        own = settings.read(roster.manifest(process).settings, prefix=f"ECRM_{process.upper()}_", environment=environment)
        assert own.database_url.startswith(f"postgresql://{process}_app:")
        assert own.owner_database_url == ""
    signing_key = platform.signing_key.get_secret_value()
    minted = Tokens(
        issuer=json.loads(signing_key)["kid"], signing_key=signing_key, trusted_keys=platform.trusted_keys, clock=Clock()
    ).mint("customer", Caller(subject=process, kind="service", scopes=frozenset({"customers:read"}), source_id=None))
    other = settings.read(PlatformSettings, environment=environment_of("customer", tmp_path))
    other_key = other.signing_key.get_secret_value()
    reader = Tokens(issuer=json.loads(other_key)["kid"], signing_key=other_key, trusted_keys=other.trusted_keys, clock=Clock())
    assert reader.verify(minted, "customer").subject == process


def test_a_variable_may_name_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("kafka://broker:9092\n")
    monkeypatch.setenv("ECRM_KAFKA_URL_FILE", str(tmp_path / "url"))
    monkeypatch.delenv("ECRM_KAFKA_URL", raising=False)
    assert settings.variable("ECRM_KAFKA_URL", "other") == "kafka://broker:9092"
    monkeypatch.setenv("ECRM_KAFKA_URL", "kafka://here:9092")
    assert settings.variable("ECRM_KAFKA_URL") == "kafka://here:9092"
    monkeypatch.setenv("ECRM_KAFKA_URL_FILE", str(tmp_path / "absent"))
    monkeypatch.delenv("ECRM_KAFKA_URL")
    with pytest.raises(SettingsError, match="absent"):
        settings.variable("ECRM_KAFKA_URL")


def test_roles_sql_makes_databases_that_can_be_migrated(tmp_path: Path) -> None:
    secrets.write_files(tmp_path)
    sql = (tmp_path / "roles.sql").read_text()
    assert sql.count("CREATE DATABASE") == len(roster.ALL)
    with running_cluster(in_memory=True) as cluster:  # one of its own: roles belong to the whole server
        asyncio.run(_make_and_migrate(cluster, sql, tmp_path))


async def _make_and_migrate(cluster: PrivateCluster, sql: str, folder: Path) -> None:
    await _run_as_psql(cluster, sql)
    for name in roster.ALL:
        owner, app = (_local(cluster, folder / file) for file in (f"{name}_owner_database_url", f"{name}_database_url"))
        before, after = await migrating.upgrade(owner, roster.manifest(name).migrations)
        assert before is None
        assert after
        db = await asyncpg.connect(app)
        try:
            assert await db.fetchval("SELECT count(*) FROM outbox") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute("CREATE TABLE mine (n int)")
        finally:
            await db.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(_local(cluster, folder / "customer_database_url").replace("/customer?", "/consent?"))


def _local(cluster: PrivateCluster, file: Path) -> str:
    """The URL in the file, on the private cluster's socket instead of the server that it names."""
    return file.read_text().replace("@postgres/", "@/") + "?" + cluster.url("postgres").partition("?")[2]


async def _run_as_psql(cluster: PrivateCluster, sql: str) -> None:
    """Statement by statement, following `\\connect`, as the superuser."""
    database = "postgres"
    for line in sql.splitlines():
        if line.startswith("\\connect "):
            database = line.split()[1]
            continue
        assert line.endswith(";"), line
        db = await asyncpg.connect(f"postgresql://postgres@/{database}?" + cluster.url("postgres").partition("?")[2])
        try:
            await db.execute(line)
        finally:
            await db.close()
