"""What the chart has to know of the platform, generated from the catalogue and the manifests; and a deployment's secrets as Kubernetes takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chassis.eventlog.kafka.inspecting import topic_settings
from contracts import catalogue, collected
from contracts.gateway import KeyState
from launcher import roster, wiring

CHART: Final = Path(__file__).resolve().parent.parent / "deploy" / "helm"
REPLICAS: Final = 3

#: What is read without a reader group, beside the subscriptions: the table of keys, the live view, the chain of the audit.
_ALSO_READ: Final = {
    "collector": {catalogue.entry_of(KeyState).topic},
    "interaction": {catalogue.entry_of(KeyState).topic, "ecrm.interaction", collected.TOPIC},
    "gateway": {catalogue.entry_of(KeyState).topic, "ecrm.gateway"},
}


def log_facts() -> dict[str, Any]:
    """Topics with their settings, and for each process what it may read and write, and its readers."""
    users: dict[str, Any] = {}
    for name in roster.PROCESSES:
        subscriptions = () if name == "collector" else roster.manifest(name).subscriptions
        reads = {topic for each in subscriptions for topic in each.topics} | _ALSO_READ.get(name, set())
        writes = {entry.topic for entry in catalogue.ENTRIES if entry.owner == name}
        if name in {"collector", "interaction"}:
            writes.add(collected.TOPIC)
        readers = [{"group": f"{name}.{each.reader}", "topics": list(each.topics)} for each in subscriptions]
        users[name] = {"read": sorted(reads), "write": sorted(writes), "readers": sorted(readers, key=lambda line: str(line["group"]))}
    topics = [{"name": topic.name, "config": topic_settings(topic, REPLICAS)} for topic in wiring.topics()]
    return {"topics": topics, "users": users}


def log_file() -> str:
    """deploy/helm/files/log.json."""
    return json.dumps(log_facts(), indent=1, sort_keys=True) + "\n"


def manifest(files: Mapping[str, str], *, name: str) -> str:
    """The files of `ecrm secrets` as Secrets: one with all of them, and one for each database role as CloudNativePG wants it. JSON, which kubectl takes."""
    secrets = [_secret(name, "Opaque", files)]
    for service in roster.ALL:
        for role, file in (("app", f"{service}_database_url"), ("owner", f"{service}_owner_database_url")):
            user, password = files[file].removeprefix("postgresql://").partition("@")[0].split(":")
            secrets.append(_secret(f"{name}-{service}-{role}", "kubernetes.io/basic-auth", {"username": user, "password": password}))
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": secrets}, indent=1) + "\n"


def _secret(name: str, kind: str, values: Mapping[str, str]) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data}
