"""The one list of services, each loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Final

from chassis.manifest import Manifest

SERVICES: Final = ("customer", "interaction", "analytics", "campaign", "consent")
#: In the order in which they are started; the gateway opens last.
ALL: Final = (*SERVICES, "gateway")
#: Processes of the cluster shape. The collector is the interaction service's door of its own.
PROCESSES: Final = ("collector", *ALL)


#: What must not be split or doubled, and why.
ALONE: Final = {"analytics": "it keeps its facts in a file that one process may open"}
NO_READERS: Final = frozenset({"collector"})


def refuses(name: str, part: str) -> str | None:
    """Why a process cannot be started as this part; None when it can."""
    if name in ALONE and part != "all":
        return f"{name} cannot be split into parts: {ALONE[name]}."
    if name in NO_READERS and part == "readers":
        return f"{name} reads nothing: start it as http or all."
    return None


def manifest(name: str) -> Manifest:
    """The manifest of a service or the gateway."""
    package = "gateway" if name == "gateway" else f"services.{name}"
    found: Manifest = importlib.import_module(f"{package}.manifest").MANIFEST
    return found


def load() -> None:
    """Import all of them now, as a program that needs all does while it waits for something else."""
    for name in ALL:
        manifest(name)
