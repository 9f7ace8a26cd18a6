"""`ecrm up`: start everything in order, say where it is, stop everything in the reverse order."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import uvloop
from rich.console import Console

from chassis import settings
from chassis.runtime import NotReady
from launcher import backup, everything, process, restoring, roster, secrets, tls
from launcher.embedded_postgres import ClusterError, ClusterInUse, PrivateCluster

KEY_SECONDS: Final = 5
#: The domain of inbound mail until ECRM_MAIL_DOMAIN names one.
MAIL_DOMAIN: Final = "peyvand.localhost"


def run(*, data: Path, host: str, port: int, screen: Console) -> int:
    """Until Ctrl-C or SIGTERM. Returns the exit code."""
    data = data.absolute()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_up(data, host, port, screen))
    except (process.CannotStart, ClusterInUse, ClusterError, NotReady) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1


async def _up(data: Path, host: str, port: int, screen: Console) -> int:
    began = time.monotonic()
    certificate = tls.certificate()
    public_url = f"{'https' if certificate else 'http'}://{host}:{port}"
    listener = process.listen(host, port)
    _mail_door_is_free(public_url)
    told = asyncio.create_task(process.until_told())
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        data.mkdir(parents=True, exist_ok=True)
        if backup.unfinished(data):
            raise process.CannotStart(f"A restore into {data} has not ended, so people who were erased may be in it: run `ecrm restore` again.")
        cluster = PrivateCluster(data, everything.databases(), max_connections=120, notice=lambda text: screen.print(f"[yellow]{text}[/yellow]"))
        stack.push_async_callback(cluster.stop)
        with screen.status("starting PostgreSQL"):
            starting = asyncio.create_task(cluster.start())
            await asyncio.sleep(0)
            roster.load()  # meanwhile
            await starting
        stack.push_async_callback(_ended, asyncio.create_task(cluster.keep()))
        found = secrets.load_or_create(data)
        with screen.status("preparing the databases"):
            changed = await everything.migrate(lambda name: cluster.url(name, role="owner"))
        for name, (before, after) in changed.items():
            if before is not None and before != after:
                screen.print(f"{name}: schema {before} -> {after}")
        with screen.status("starting the services"):
            platform = await stack.enter_async_context(
                everything.platform(
                    database_url=cluster.url, log_url=everything.log_url(cluster), data=data, found=found, public_url=public_url,
                    given=_given(public_url), shared=_shared(),
                )
            )
        ledger = Path(settings.variable("ECRM_ERASURE_LEDGER") or data / backup.LEDGER)
        for kept in (everything.keep_log_small(platform.log), restoring.keep_ledger(platform.services["customer"], ledger)):
            stack.callback(asyncio.create_task(kept).cancel)
        keys, new = await _first_keys(platform, data, public_url)
        if new:
            await _known_to_collector(platform, keys["source_key"])
        await stack.enter_async_context(process.serving(platform.door, listener, certificate=certificate))
        process.settle_memory()
        _welcome(screen, public_url, data, keys, new=new, seconds=time.monotonic() - began)
        await told
        screen.print("stopping …")
        process.unsettle_memory()
    screen.print(f"stopped; everything is kept in {data}", soft_wrap=True)
    return 0


async def _ended(task: asyncio.Task[None]) -> None:
    """Whatever it is doing comes to its end."""
    task.cancel()
    await asyncio.wait({task})


def demo_mailbox(public_url: str) -> str:
    """Where mail goes until an SMTP server is named: the mailbox that `ecrm demo` opens on this machine."""
    port = int(public_url.rpartition(":")[2])
    return f"smtp://127.0.0.1:{port + 1000 if port < 64000 else port - 1000}"


def mail_door(public_url: str) -> str:
    """Where inbound mail is taken until ECRM_INTERACTION_MAIL_ADDRESS names another place."""
    port = int(public_url.rpartition(":")[2])
    return settings.variable("ECRM_INTERACTION_MAIL_ADDRESS") or f"127.0.0.1:{port + 25 if port < 65_000 else port - 25}"


def _mail_door_is_free(public_url: str) -> None:
    """Known before anything is made. Raises CannotStart."""
    host, _, port = mail_door(public_url).rpartition(":")
    if port.isdigit():
        process.listen(host.strip("[]"), int(port), instead="name another place for inbound mail in ECRM_INTERACTION_MAIL_ADDRESS").close()


def _given(public_url: str) -> dict[str, dict[str, Any]]:
    interaction = {"mail_address": mail_door(public_url)}
    if not settings.variable("ECRM_INTERACTION_MAIL_DOMAINS"):
        interaction["mail_domains"] = settings.variable("ECRM_MAIL_DOMAIN", MAIL_DOMAIN)
    given: dict[str, dict[str, Any]] = {"interaction": interaction}
    if not _own_mail_server():
        given["campaign"] = {"smtp_url": demo_mailbox(public_url)}
    return given


def _shared() -> dict[str, str]:
    """Answers and bounces come to this machine as long as mails do not leave it; behind a real server its domain must be named."""
    return {} if settings.variable("ECRM_MAIL_DOMAIN") or _own_mail_server() else {"mail_domain": MAIL_DOMAIN}


def _own_mail_server() -> bool:
    return bool(settings.variable("ECRM_CAMPAIGN_SMTP_URL"))


async def _first_keys(platform: everything.Platform, data: Path, public_url: str) -> tuple[dict[str, str], bool]:
    """The keys of `keys.json`, made on the first start."""
    path = data / "keys.json"
    from gateway import commands

    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = await commands.ensure_first_keys(
        platform.services["gateway"].service,
        admin_key=settings.variable("ECRM_ADMIN_KEY") or known.get("admin_key"),
        source_key=settings.variable("ECRM_SOURCE_KEY") or known.get("source_key"),
    )
    keys = {**known, **made, "url": public_url, "smtp_url": "" if _own_mail_server() else demo_mailbox(public_url)}
    if keys != known:
        secrets.write_private(path, json.dumps(keys, indent=2))
    return keys, not known


async def _known_to_collector(platform: everything.Platform, source_key: str) -> None:
    """A new key reaches the collector by the log, within a second: until then it answers 503."""
    known = platform.services["interaction"].service.resources.keys
    deadline = time.monotonic() + KEY_SECONDS
    while known.find(source_key) is None and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def _welcome(screen: Console, url: str, data: Path, keys: dict[str, str], *, new: bool, seconds: float) -> None:
    screen.print(f"[green]ready[/green] in {seconds:.1f} s · console and gateway {url} · API docs {url}/docs · data {data}", soft_wrap=True)
    if new:
        shown = f"administrator key  {keys['admin_key']}\nsource key         {keys['source_key']}\n(shown once; kept in {data / 'keys.json'})"
        screen.print(shown, soft_wrap=True)
    screen.print(f"Open {url} and sign in with the administrator key; colleagues are added with `ecrm people add`.", soft_wrap=True)
    flag = "" if data == Path("data").absolute() else f" --data {data}"
    ecrm = settings.variable("ECRM_COMMAND", "ecrm")
    screen.print("Next, in a second terminal:")
    screen.print(f"  {ecrm} demo{flag}\n  {ecrm} check{flag}\n  {ecrm} import orders FILE.csv --currency EUR{flag}", soft_wrap=True)
    if not _own_mail_server():
        screen.print(f"Mail goes to the demo's mailbox ({demo_mailbox(url)}) until ECRM_CAMPAIGN_SMTP_URL names a server.", soft_wrap=True)
    screen.print(f"Inbound mail is taken at {mail_door(url)} for {settings.variable('ECRM_MAIL_DOMAIN', MAIL_DOMAIN)}.", soft_wrap=True)
    screen.print("Ctrl-C stops everything.")
