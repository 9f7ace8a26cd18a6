"""The cluster shape on one machine: a real Kafka broker, a PostgreSQL server and seven processes, looked after by one supervisor.

`run` stays in the foreground; `start` puts it into the background and waits until everything is ready; `stop` ends exactly that.
A process that ends unasked is started again, as a cluster's scheduler would do.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import aiohttp
import typer
from rich.console import Console

from chassis import settings, telemetry
from launcher import roster, secrets
from launcher.embedded_postgres import PrivateCluster

KAFKA: Final = Path(__file__).resolve().parent.parent / "deploy" / "kafka"
READY_SECONDS: Final = 120
NICENESS: Final = "10"

app = typer.Typer(no_args_is_help=True)
screen = Console(stderr=True, highlight=False)
_log = telemetry.logger(__name__)

Data = Annotated[Path, typer.Option("--data", envvar="ECRM_CLUSTER_DATA", help="Folder of everything the cluster keeps.")]
BasePort = Annotated[int, typer.Option("--port", envvar="ECRM_CLUSTER_PORT", help="Port of the gateway; the others follow it.")]


class Supervisor:
    """Starts in order: broker, PostgreSQL, schema, topics, services, gateway. `processes` names pid by process name."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data.absolute()
        self.port = port
        self.ports = {name: port + 1 + number for number, name in enumerate(name for name in roster.PROCESSES if name != "gateway")}
        self.ports["gateway"] = port
        self.kafka_port = port + 20
        self.cluster = PrivateCluster(self.data / "postgres", list(roster.ALL), max_connections=150)
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False
        self._is_ready = False

    async def run(self) -> None:
        """Until SIGINT or SIGTERM."""
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        async with AsyncExitStack() as stack:
            self.data.mkdir(parents=True, exist_ok=True)
            await self._script("start.sh", str(self.data / "kafka"), str(self.kafka_port))
            stack.push_async_callback(self._script, "stop.sh", str(self.data / "kafka"))
            await self.cluster.start()
            stack.push_async_callback(self.cluster.stop)
            found = secrets.load_or_create(self.data)
            environment = self._shared(found)
            for command in ("migrate", "topics"):
                await self._command(command, environment)
            keepers = [asyncio.create_task(self._keep(name, self._environment(name, found, environment))) for name in roster.PROCESSES]
            stack.push_async_callback(self._end, keepers)
            await self._ready()
            await self._first_keys(found, environment)
            await self._keys_open()
            self._is_ready = True
            self._write_state()
            screen.print(f"[green]ready[/green]: gateway http://127.0.0.1:{self.port}, keys in {self.data / 'keys.json'}")
            await told.wait()
            screen.print("stopping …")

    def _shared(self, found: dict[str, Any]) -> dict[str, str]:
        environment = {**settings.environment(), "ECRM_KAFKA_URL": f"kafka://127.0.0.1:{self.kafka_port}", "PYTHONUNBUFFERED": "1"}
        environment.setdefault("ECRM_PUBLIC_URL", f"http://127.0.0.1:{self.port}")
        environment.setdefault("ECRM_CAMPAIGN_SMTP_URL", f"smtp://127.0.0.1:{self.port + 30}")
        environment.setdefault("ECRM_INTERACTION_MAIL_ADDRESS", f"127.0.0.1:{self.port + 25}")
        environment.setdefault("ECRM_MAIL_DOMAIN", "peyvand.localhost")
        environment.setdefault("ECRM_INTERACTION_MAIL_DOMAINS", environment["ECRM_MAIL_DOMAIN"])
        for name in roster.ALL:
            environment[f"ECRM_{name.upper()}_DATABASE_URL"] = self.cluster.url(name)
            environment[f"ECRM_{name.upper()}_OWNER_DATABASE_URL"] = self.cluster.url(name, role="owner")
        for name, port in self.ports.items():
            environment[f"ECRM_{name.upper()}_URL"] = f"http://127.0.0.1:{port}"
        return environment

    def _environment(self, name: str, found: dict[str, Any], shared: Mapping[str, str]) -> dict[str, str]:
        """What one process is given: secrets as files, and no owner's URL."""
        environment = {key: value for key, value in shared.items() if not key.endswith("_OWNER_DATABASE_URL")}
        folder = self.data / "run" / name
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in secrets.platform_values(found, name).items():
            path = folder / key
            secrets.write_private(path, value)
            environment[f"ECRM_{key.upper()}_FILE"] = str(path)
        if name != "collector" and "data_dir" in roster.manifest(name).settings.model_fields:
            environment[f"ECRM_{name.upper()}_DATA_DIR"] = str(self.data / name)
        return environment

    async def _script(self, name: str, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec("bash", str(KAFKA / name), *arguments, stdout=subprocess.DEVNULL)
        if await process.wait() != 0:
            raise RuntimeError(f"{name} failed; the reason stands above")

    async def _command(self, command: str, environment: Mapping[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, said = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"ecrm {command} failed:\n{said.decode()}")

    async def _keep(self, name: str, environment: Mapping[str, str]) -> None:
        """Run a process and start it again when it ends unasked."""
        log_file = self.data / "logs" / f"{name}.log"
        log_file.parent.mkdir(exist_ok=True)
        while not self._stopping:
            with log_file.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *_politeness(name), sys.executable, "-m", "launcher", "serve", name, "--port", str(self.ports[name]),
                    env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                )
            self.processes[name] = process
            self._write_state()
            if _politeness(name):
                await _step_back(process.pid)
            code = await process.wait()
            if not self._stopping:
                _log.warning("process_ended", name=name, code=code)
                await asyncio.sleep(0.3)

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        self._stopping = True
        # the doors first, so that what was accepted is still worked off
        for names in (("gateway",), tuple(name for name in self.processes if name != "gateway")):
            running = [self.processes[name] for name in names if name in self.processes and self.processes[name].returncode is None]
            for process in running:
                process.terminate()
            waiting = [asyncio.create_task(process.wait()) for process in running]
            if waiting:
                await asyncio.wait(waiting, timeout=20)
            for process in running:
                if process.returncode is None:
                    process.kill()
        await asyncio.gather(*keepers, return_exceptions=True)
        (self.data / "cluster.json").unlink(missing_ok=True)

    async def _ready(self) -> None:
        waiting = set(self.ports)
        deadline = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while waiting:
                for name in sorted(waiting):
                    try:
                        async with session.get(f"http://127.0.0.1:{self.ports[name]}/readyz") as answer:
                            if answer.status == 200:
                                waiting.discard(name)
                    except (OSError, aiohttp.ClientError, TimeoutError):
                        continue
                if time.monotonic() > deadline:
                    raise RuntimeError(f"not ready after {READY_SECONDS} s: {', '.join(sorted(waiting))}; see {self.data / 'logs'}")
                await asyncio.sleep(0.2)

    async def _first_keys(self, found: dict[str, Any], shared: Mapping[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", "keys", "first", "--quiet", "--data", str(self.data),
            env=self._environment("gateway", found, shared), stdout=subprocess.DEVNULL,
        )
        if await process.wait() != 0:
            raise RuntimeError("the first keys could not be made")

    async def _keys_open(self) -> None:
        """Wait until the first keys open both doors: keys reach gateway and collector by the log, within about a second."""
        keys = json.loads((self.data / "keys.json").read_text(encoding="utf-8"))
        doors: tuple[tuple[str, str, str, object], ...] = (
            ("POST", "/v1/batch", aiohttp.encode_basic_auth(keys["source_key"], ""), {"batch": []}),
            ("GET", "/api/v1/keys", f"Bearer {keys['admin_key']}", None),
        )
        deadline = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            for method, path, authorization, body in doors:
                while not await self._opens(session, method, path, authorization, body):
                    if time.monotonic() > deadline:
                        raise RuntimeError(f"{path} does not know its key after {READY_SECONDS} s; see {self.data / 'logs'}")
                    await asyncio.sleep(0.1)

    async def _opens(self, session: aiohttp.ClientSession, method: str, path: str, authorization: str, body: object) -> bool:
        try:
            headers = {"authorization": authorization}
            async with session.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, json=body) as answer:
                return answer.status not in {401, 503}
        except (OSError, aiohttp.ClientError, TimeoutError):
            return False

    def _write_state(self) -> None:
        state = {
            "ready": self._is_ready, "pid": os.getpid(), "port": self.port, "kafka": f"127.0.0.1:{self.kafka_port}", "ports": self.ports,
            "processes": {name: process.pid for name, process in self.processes.items()},
        }
        secrets.write_private(self.data / "cluster.json", json.dumps(state, indent=2))


def _politeness(name: str) -> tuple[str, ...]:
    """On one machine the doors come first: what reads the log may be late, what is posted must be answered."""
    return () if name in {"gateway", "collector"} else ("nice", "-n", NICENESS)


async def _step_back(pid: int) -> None:
    """Niceness counts only within a session where the kernel shares its time out by sessions (Linux autogroups): there the session steps back too."""
    for _ in range(30):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(NICENESS)
        except BlockingIOError:  # such a change is taken ten times a second
            await asyncio.sleep(0.1)
        except OSError:  # a kernel without autogroups, or the process has ended
            return
        else:
            return


@app.command()
def run(data: Data = Path("data/cluster"), port: BasePort = 8080) -> None:
    """Run the cluster in the foreground."""
    telemetry.configure(level="warning", json=False)
    asyncio.run(Supervisor(data, port).run())


@app.command()
def start(data: Data = Path("data/cluster"), port: BasePort = 8080) -> None:
    """Start the cluster in the background and wait until it is ready."""
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    known = _state(data)
    if known and _alive(known["pid"]):
        screen.print(f"[red]The cluster in {data} already runs (process {known['pid']}).[/red]")
        raise typer.Exit(1)
    with (data / "supervisor.log").open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "launcher.cluster", "run", "--data", str(data), "--port", str(port)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )
    (data / "supervisor.pid").write_text(str(child.pid))
    with screen.status("starting broker, PostgreSQL and seven processes"):
        while child.poll() is None:
            state = _state(data)
            if state and state["pid"] == child.pid and state.get("ready") and _answers(state["port"]):
                break
            time.sleep(0.3)
    if child.poll() is not None:
        screen.print((data / "supervisor.log").read_text(encoding="utf-8", errors="replace")[-2000:])
        raise typer.Exit(1)
    screen.print(f"[green]ready[/green]: gateway http://127.0.0.1:{port}, keys in {data / 'keys.json'}, logs in {data / 'logs'}; stop with `make cluster-stop`")


@app.command()
def stop(data: Data = Path("data/cluster")) -> None:
    """Stop exactly what `start` started in this folder."""
    path = data.absolute() / "supervisor.pid"
    pid = int(path.read_text()) if path.exists() else 0
    if not pid or not _alive(pid):
        screen.print(f"No cluster runs in {data}.")
        return
    os.kill(pid, signal.SIGTERM)
    with screen.status("stopping"):
        deadline = time.monotonic() + 60
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
    path.unlink(missing_ok=True)
    screen.print("stopped" if not _alive(pid) else f"[red]process {pid} does not end[/red]")
    raise typer.Exit(0 if not _alive(pid) else 1)


def _state(data: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((data / "cluster.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _alive(pid: int) -> bool:
    """Whether our supervisor still runs; a number that was given to another program does not count."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return b"launcher.cluster" in command and state != "Z"


def _answers(port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    app()
