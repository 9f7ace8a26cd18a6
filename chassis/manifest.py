"""What a service declares in order to be run; read first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis.holding import Holding
from chassis.peers import App
from chassis.reacting import Subscription
from chassis.replaying import Rebuilt
from chassis.retaining import Kept
from chassis.scheduling import Job
from chassis.settings import ServiceSettings


@dataclass(frozen=True)
class Mount:
    """A plain ASGI endpoint for the given paths (exact, or a prefix when it ends in `*`); checked before the routers."""

    paths: tuple[str, ...]
    app: Callable[[Any], App]


@dataclass(frozen=True)
class Manifest:
    """One service. `open` yields the service's own resources (pools, files, caches) while it runs; `holdings` is all it keeps of people, `kept` what of it rules of
    retention may end, `rebuilt` what a replay of the log makes anew.
    """

    name: str
    settings: type[ServiceSettings]
    migrations: str
    tables: MetaData
    routers: tuple[APIRouter, ...] = ()
    mounts: tuple[Mount, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    jobs: tuple[Job, ...] = ()
    holdings: tuple[Holding, ...] = ()
    kept: tuple[Kept, ...] = ()
    rebuilt: tuple[Rebuilt, ...] = ()
    open: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None
