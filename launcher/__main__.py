"""The command line `ecrm`. Exit codes: 0 done, 1 failed, 2 wrong use, 3 finished with rows refused."""

from __future__ import annotations

import asyncio
import enum
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chassis import settings, telemetry
from chassis.settings import SettingsError

app = typer.Typer(help="Peyvand, an open eCRM platform.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
screen = Console(stderr=True, highlight=False)


class Part(enum.Enum):
    """What a process of a service does."""

    all = "all"
    http = "http"
    readers = "readers"


Data = Annotated[Path, typer.Option("--data", envvar="ECRM_DATA", help="Folder of the private database, secrets and files.")]
Port = Annotated[int, typer.Option("--port", envvar="ECRM_PORT", min=1, max=65535, help="Port of the gateway on the loopback.")]


@app.command()
def up(
    data: Data = Path("data"),
    port: Port = 8080,
    host: Annotated[str, typer.Option("--host", envvar="ECRM_HOST", help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run everything on this machine: private PostgreSQL, all services, the gateway."""
    from launcher import up as room

    _configure_logs("text" if sys.stderr.isatty() else "json", quiet=True)
    raise typer.Exit(room.run(data=data, host=host, port=port, screen=screen))


@app.command()
def serve(
    process: Annotated[str, typer.Argument(help="gateway, collector, customer, interaction, analytics, campaign or consent")],
    port: Annotated[int, typer.Option("--port", envvar="ECRM_PORT", min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", envvar="ECRM_HOST")] = "127.0.0.1",
    part: Annotated[Part, typer.Option("--part", envvar="ECRM_PART", help="http answers only; readers read facts and run jobs; all does both.")] = Part.all,
    admin_port: Annotated[int, typer.Option("--admin-port", envvar="ECRM_ADMIN_PORT", min=0, max=65535, help="Health and metrics here; 0: beside the rest.")] = 0,
    drain: Annotated[float, typer.Option("--drain", envvar="ECRM_DRAIN", min=0, max=60, help="Seconds between not being ready and closing the door.")] = 0.0,
) -> None:
    """Run one service as a process of its own (settings from the environment)."""
    from launcher import single

    _configure_logs("json")
    place = single.Place(host, port, admin_port=admin_port, part=part.value, drain_seconds=drain)
    raise typer.Exit(single.run(process, place=place, screen=screen))


@app.command()
def schema(
    process: Annotated[str, typer.Argument(help="As for `ecrm serve`")],
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for `ecrm migrate`.")] = 0.0,
) -> None:
    """Is the database of a process at a revision that this version works with? Exit code 0 when it is."""
    from launcher import single

    raise typer.Exit(asyncio.run(single.await_schema(process, seconds=wait, screen=screen)))


@app.command()
def migrate(
    only: Annotated[str | None, typer.Argument(help="One service; default all.")] = None,
    grant: Annotated[bool, typer.Option("--grant", help="First give the service's role its rights, where nobody ran roles.sql.")] = False,
) -> None:
    """Bring the databases to this version (ECRM_<SERVICE>_OWNER_DATABASE_URL)."""
    from launcher import single

    raise typer.Exit(asyncio.run(single.migrate(only, screen, grant=grant)))


@app.command()
def topics(
    partitions: Annotated[int, typer.Option("--partitions", min=1, max=1000, help="Of new topics on Kafka; it never changes later.")] = 6,
    replicas: Annotated[int, typer.Option("--replicas", min=1, max=9, help="Of new topics on Kafka; with 3 an answer 200 means that two brokers have it.")] = 1,
) -> None:
    """Create the topics that are missing in the event log (ECRM_LOG_URL or ECRM_KAFKA_URL)."""
    from launcher import single

    raise typer.Exit(asyncio.run(single.create_topics(screen, partitions=partitions, replicas=replicas)))


@app.command("secrets")
def make_secrets(
    folder: Annotated[Path, typer.Argument(help="Where each secret gets a file of its own, readable by its owner only.")],
    database_host: Annotated[str, typer.Option("--database-host", help="The PostgreSQL server, as the services reach it.")] = "postgres",
    kubernetes: Annotated[str, typer.Option("--kubernetes", metavar="NAME", help="Also write kubernetes.json: the same as Secrets, the first called NAME.")] = "",
) -> None:
    """Make the secrets of a deployment of several processes, once: for deploy/compose.yaml, or with --kubernetes for the chart."""
    from launcher import kubernetes as chart
    from launcher import secrets

    try:
        made = secrets.write_files(folder, database_host=database_host)
        if kubernetes:
            given = {name: (folder / name).read_text(encoding="utf-8") for name in made}
            secrets.write_private(folder / "kubernetes.json", chart.manifest(given, name=kubernetes))
    except (secrets.AlreadyMade, OSError) as error:
        screen.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(1) from None
    screen.print(f"{len(made)} files in {folder}. The administrator's key is in {folder / 'admin_key'}.", soft_wrap=True)


@app.command()
def check(
    url: Annotated[str, typer.Option("--url", envvar="ECRM_URL", help="The gateway.")] = "",
    data: Data = Path("data"),
) -> None:
    """Ask a running platform whether every part of it can do its job."""
    from launcher import remote

    raise typer.Exit(asyncio.run(remote.check(url or remote.default_url(data), screen)))


def _configure_logs(form: str, *, quiet: bool = False) -> None:
    level = settings.variable("ECRM_LOG_LEVEL", "warning" if quiet else "info")
    telemetry.configure(level=level, json=settings.variable("ECRM_LOG_FORMAT", form) != "text")


def _mount_rooms() -> None:
    from launcher import auditing, dead_letters, definitions, exporting, importing, keys, people

    app.add_typer(keys.app, name="keys", help="API keys and source keys.")
    app.add_typer(people.app, name="people", help="Who signs in at the built-in issuer.")
    app.add_typer(dead_letters.app, name="dlq", help="Records that could not be applied.")
    app.add_typer(importing.app, name="import", help="Bring customers, orders or events from files.")
    app.add_typer(exporting.app, name="export", help="Take customers out as files.")
    app.add_typer(auditing.app, name="audit", help="Prove what was sent, and under which consent.")
    app.add_typer(definitions.app, name="definitions", help="Segments, templates, journeys, rules as files for version control.")
    from launcher import backup, demo, doctor, replaying

    app.command("doctor")(doctor.doctor)
    app.command("backup")(backup.backup)
    app.command("restore")(backup.restore)
    app.command("replay")(replaying.replay)
    app.command("demo")(demo.demo)


def main() -> None:
    """Entry point of the `ecrm` command."""
    _mount_rooms()
    try:
        app()
    except SettingsError as error:
        screen.print(f"[red]{error}[/red]")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
