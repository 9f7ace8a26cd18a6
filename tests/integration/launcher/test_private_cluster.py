"""The private PostgreSQL cluster: its text, its roles, its lock, and its return after crashes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import psutil
import pytest
import pytest_asyncio

from launcher.embedded_postgres import ClusterError, ClusterInUse, PrivateCluster, find_binaries
from tests.support.cluster import running_cluster

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not pytest's own folder, which the server's unprivileged user cannot enter when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="peyvand-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shared() -> Iterator[PrivateCluster]:
    """For tests that leave it running."""
    with running_cluster(["one", "two"]) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def cluster(data_dir: Path) -> AsyncIterator[PrivateCluster]:
    cluster = PrivateCluster(data_dir, ["one", "two"])
    await cluster.start()
    yield cluster
    await cluster.stop()


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_persian_and_accents_are_text(shared: PrivateCluster) -> None:
    assert await ask(shared.url("one"), "SELECT lower('ÄÉЖ') || (SELECT 'پیوند' ~ '^\\w+$')::text") == "äéжtrue"


async def test_the_servers_settings_are_safe(shared: PrivateCluster) -> None:
    for setting, value in {
        **dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "on"),
        "jit": "off",
        "listen_addresses": "",
        "max_connections": "100",
        "idle_in_transaction_session_timeout": "10s",
    }.items():
        assert await ask(shared.url("one"), f"SELECT current_setting('{setting}')") == value


async def test_each_role_opens_its_own_database_and_changes_no_table(shared: PrivateCluster) -> None:
    owner = await asyncpg.connect(shared.url("one", role="owner"))
    await owner.execute("CREATE TABLE thing (id bigserial PRIMARY KEY, name text)")
    await owner.close()
    app = await asyncpg.connect(shared.url("one"))
    await app.execute("INSERT INTO thing (name) VALUES ('a')")
    assert await app.fetchval("UPDATE thing SET name = 'b' RETURNING id") == 1
    await app.execute("DELETE FROM thing")
    for statement in ("CREATE TABLE mine (a int)", "DROP TABLE thing", "TRUNCATE thing", "CREATE SCHEMA s"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
    rights = "SELECT bool_or(rolsuper OR rolcreatedb OR rolcreaterole) FROM pg_roles WHERE rolname LIKE ANY ('{one_%,two_%}')"
    assert await app.fetchval(rights) is False
    await app.close()
    for role in ("one_app", "one_owner"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(shared.url("two"), user=role)


async def test_only_its_own_user_reaches_the_socket(cluster: PrivateCluster, data_dir: Path) -> None:
    assert (data_dir / "sockets").stat().st_mode & 0o777 == 0o700
    assert cluster.pid is not None
    server = psutil.Process(cluster.pid)
    assert server.uids().real != 0
    assert server.uids().real == (data_dir / "sockets").stat().st_uid
    assert not [used for used in server.net_connections("inet") if used.status == psutil.CONN_LISTEN]


async def test_a_second_launcher_is_refused_with_the_first_ones_number(cluster: PrivateCluster, data_dir: Path) -> None:
    with pytest.raises(ClusterInUse, match=str(os.getpid())) as refused:
        await PrivateCluster(data_dir, ["one"]).start()
    assert refused.value.pid == str(os.getpid())
    assert await ask(cluster.url("one"), "SELECT 1") == 1


async def test_the_terminals_interrupt_does_not_reach_the_server(shared: PrivateCluster) -> None:
    assert shared.pid is not None
    assert os.getsid(shared.pid) == shared.pid != os.getsid(0)


async def test_it_stops_with_open_transactions_and_starts_again(cluster: PrivateCluster) -> None:
    open_one = await asyncpg.connect(cluster.url("one", role="owner"))
    await open_one.execute("CREATE TABLE kept (a int)")
    await open_one.execute("BEGIN; INSERT INTO kept VALUES (1)")
    async with asyncio.timeout(8):
        await cluster.stop()
    assert cluster.pid is None
    open_one.terminate()
    await cluster.start()
    assert await ask(cluster.url("one"), "SELECT count(*) FROM kept") == 0


async def test_it_returns_after_its_server_was_killed(cluster: PrivateCluster) -> None:
    await ask(cluster.url("one", role="owner"), "CREATE TABLE kept (a int)")
    for n in range(3):
        await ask(cluster.url("one"), f"INSERT INTO kept VALUES ({n})")
        assert cluster.pid is not None
        os.kill(cluster.pid, signal.SIGKILL)
        await cluster.stop()
        await cluster.start()
        assert await ask(cluster.url("one"), "SELECT count(*) FROM kept") == n + 1


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from launcher.embedded_postgres import PrivateCluster
cluster = PrivateCluster(Path(sys.argv[1]), ["one", "two"])
asyncio.run(cluster.start())
print(cluster.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_the_server_of_a_killed_launcher_is_replaced(data_dir: Path) -> None:
    said = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, str(data_dir)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    left = int(said.stdout)
    assert said.returncode == -signal.SIGKILL
    assert psutil.Process(left).status() != psutil.STATUS_ZOMBIE
    notices: list[str] = []
    cluster = PrivateCluster(data_dir, ["one", "two"], notice=notices.append)
    await cluster.start()
    try:
        assert notices and str(left) in notices[0]
        assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE
        assert await ask(cluster.url("two"), "SELECT 1") == 1
    finally:
        await cluster.stop()


async def test_a_number_given_to_another_program_is_not_believed(cluster: PrivateCluster, data_dir: Path) -> None:
    """After a crash the number in the lock files may be anybody's, for instance in a container that began again."""
    assert cluster.pid is not None
    user = psutil.Process(cluster.pid).uids().real
    locks = [data_dir / "postgres" / "postmaster.pid", data_dir / "sockets" / ".s.PGSQL.5432.lock"]
    said = [lock.read_text().split("\n", 1)[1] for lock in locks]
    await cluster.stop()
    stranger = subprocess.Popen(["sleep", "60"], user=user if os.geteuid() == 0 else None)
    try:
        for lock, rest in zip(locks, said, strict=True):
            lock.write_text(f"{stranger.pid}\n{rest}")
            os.chown(lock, user, -1)
        await cluster.start()
        assert await ask(cluster.url("one"), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_an_unfinished_first_start_is_repeated(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    cluster = PrivateCluster(data_dir, ["one"])
    await cluster.start()
    assert await ask(cluster.url("one"), "SELECT 1") == 1
    await cluster.stop()
    assert not (data_dir / "postgres.new").exists()


async def test_a_long_path_keeps_its_socket_elsewhere(data_dir: Path) -> None:
    cluster = PrivateCluster(data_dir / ("long" * 20), ["one"])
    await cluster.start()
    try:
        assert "host=%2Ftmp%2Fecrm-" in cluster.url("one")
        assert await ask(cluster.url("one"), "SELECT 1") == 1
        elsewhere = Path(unquote(cluster.url("one").split("host=")[1]))
        assert elsewhere.is_dir()
    finally:
        await cluster.stop()
    assert not elsewhere.exists()


async def test_databases_come_and_go(shared: PrivateCluster) -> None:
    await shared.ensure_database("three")
    await shared.ensure_database("three")
    assert await ask(shared.url("three"), "SELECT current_user") == "three_app"
    await shared.drop_database("three")
    with pytest.raises((asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError)):
        await asyncpg.connect(shared.url("three"))
    with pytest.raises(ValueError, match="name"):
        await shared.ensure_database('x"; DROP')


async def test_a_missing_version_is_named() -> None:
    assert (find_binaries() / "initdb").exists()
    with pytest.raises(ClusterError, match="PostgreSQL 9,"):
        find_binaries(9)
