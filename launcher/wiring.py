"""URL scheme -> adapter: the only branching on the deployment shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from chassis import settings
from chassis.bundling import Bundled
from chassis.clock import Clock
from chassis.database import Database
from chassis.eventlog import EventLog, Topic
from chassis.eventlog.prefixed import PrefixedEventLog
from chassis.identity import Tokens
from chassis.manifest import Manifest
from chassis.peers import App, InProcess, Peers, Remote, Transport
from chassis.service import Service
from chassis.settings import PlatformSettings, SettingsError
from contracts import catalogue

if TYPE_CHECKING:
    from chassis.eventlog.kafka.access import Access


def event_log(url: str, *, partitions: int = 6, replication: int = 1) -> EventLog:
    """The numbers are for topics that are made. `kafka://host:port[,host:port]` or `postgres-log://…` (a PostgreSQL URL with another scheme)."""
    scheme, _, rest = url.partition("://")
    if scheme == "kafka":
        from chassis.eventlog.kafka import KafkaEventLog

        prefix = settings.variable("ECRM_LOG_TOPIC_PREFIX")
        if not re.fullmatch(r"([a-z0-9][a-z0-9-]{0,61}\.)?", prefix):
            raise SettingsError("ECRM_LOG_TOPIC_PREFIX: small letters, digits and hyphens with a dot at the end, for example north.")
        packed = [prefix + entry.name for entry in catalogue.TOPICS if entry.packed]
        log = KafkaEventLog(rest.rstrip("/"), packed=packed, partitions=partitions, replication=replication, access=_access())
        return PrefixedEventLog(log, prefix) if prefix else log
    if scheme == "postgres-log":
        from chassis.eventlog.postgres import PostgresEventLog

        return PostgresEventLog("postgresql://" + rest)
    raise SettingsError(f"ECRM_LOG_URL: {scheme}:// is not an event log; use kafka:// or postgres-log://")


def _access() -> Access:
    """ECRM_KAFKA_TLS, _CA, _USER and _PASSWORD: how to show oneself to the brokers."""
    from chassis.eventlog.kafka.access import Access

    user, password = settings.variable("ECRM_KAFKA_USER"), settings.variable("ECRM_KAFKA_PASSWORD")
    if bool(user) != bool(password):
        raise SettingsError("ECRM_KAFKA_USER and ECRM_KAFKA_PASSWORD (or ECRM_KAFKA_PASSWORD_FILE) belong together")
    authority = settings.variable("ECRM_KAFKA_CA")
    tls = bool(authority) or settings.variable("ECRM_KAFKA_TLS").lower() in {"true", "1", "yes"}
    try:
        return Access(user=user, password=password, tls=tls, authority=authority)
    except (OSError, ValueError) as error:
        raise SettingsError(f"ECRM_KAFKA_CA: {authority} cannot be used: {type(error).__name__}") from None


def topics() -> list[Topic]:
    """All topics of the catalogue."""
    return [Topic(entry.name, compacted=entry.compacted) for entry in catalogue.TOPICS]


def transport(url: str, apps: Mapping[str, App | None], session: Callable[[], aiohttp.ClientSession], *, bundled: bool = False) -> Transport:
    """`inproc://customer` or `http://customer:8000`; `bundled`: over the network small requests are brought together."""
    parts = urlsplit(url)
    if parts.scheme == "inproc":
        return InProcess(lambda: apps.get(parts.netloc))
    if parts.scheme in {"http", "https"}:
        return Bundled(Remote(url, session)) if bundled else Remote(url, session)
    raise SettingsError(f"{url}: not the address of a service; use http:// or inproc://")


def service(
    manifest: Manifest, *, platform: PlatformSettings, log: EventLog, transports: Mapping[str, Transport], clock: Clock | None = None,
    **given: Any,
) -> Service[Any, Any]:
    """A service with its settings read (`given` wins over the environment) and its seams connected."""
    clock = clock or Clock()
    knobs = settings.read(manifest.settings, prefix=f"ECRM_{manifest.name.upper()}_", **given)
    signer = tokens(platform, clock)
    return Service(
        name=manifest.name, settings=knobs, platform=platform,
        database=Database(knobs.database_url, connections=knobs.database_connections, name=f"ecrm-{manifest.name}"),
        log=log, peers=Peers(transports, signer, manifest.name), tokens=signer, clock=clock,
    )


def tokens(platform: PlatformSettings, clock: Clock) -> Tokens:
    """Internal tokens in the name of the process whose signing key the settings hold."""
    signing_key = platform.signing_key.get_secret_value()
    return Tokens(issuer=json.loads(signing_key)["kid"], signing_key=signing_key, trusted_keys=_text(platform.trusted_keys), clock=clock)


def _text(value: str) -> str:
    """JSON given as it is, or as the name of a file."""
    return value if value.lstrip().startswith("{") else Path(value).read_text(encoding="utf-8")
