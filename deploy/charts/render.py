"""Renders the chart and judges what comes out, in an environment of its own (`make charts`): Helm as a library, Kubernetes' schemas in a wheel.

    stdin  {"chart": folder, "versions": ["1.29", …], "cases": {name: {"values": {…}, "revision": 1, "objects": [more to judge]}}, "yaml": [files]}
    stdout {"helm": …, "cases": {name: {"error": …, "lint": […], "objects": […], "faults": […]}}, "yaml": {file: content}}

`faults`: what Kubernetes of these versions, or the operator whose object it is, would refuse, unknown fields included.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate as kubernetes
import operated
import yaml

BUILT_IN = {
    "v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "networking.k8s.io/v1",
}


def main() -> None:
    asked = json.load(sys.stdin)
    chart = asked["chart"]
    judged: dict[str, list[str]] = {}
    with helm.Chart.load(chart) as loaded:
        cases = {name: case(loaded, chart, given, asked.get("versions", []), judged) for name, given in asked.get("cases", {}).items()}
    read = {name: yaml.safe_load(Path(name).read_text(encoding="utf-8")) for name in asked.get("yaml", [])}
    json.dump({"helm": helm.helm_sdk_version(), "cases": cases, "yaml": read}, sys.stdout)


def case(loaded: helm.Chart, chart: str, given: dict[str, Any], versions: list[str], judged: dict[str, list[str]]) -> dict[str, Any]:
    values = given.get("values", {})
    try:
        loaded.validate_schema(loaded.merge_values(values))
        rendered = loaded.render(values, name="crm", namespace="peyvand", revision=given.get("revision", 1))
    except helm.HelmError as error:
        return {"error": str(error), "lint": [], "objects": [], "faults": []}
    report = helm.lint(chart, values, strict=True, namespace="peyvand") if given.get("lint") else {"messages": []}
    objects, faults = [], []
    for path, text in sorted(rendered.items()):
        if path.endswith("NOTES.txt"):
            objects.append({"kind": "Notes", "apiVersion": "", "text": text})
            continue
        objects.extend(each for each in yaml.load_all(text, Loader=Strict) if each)
    objects += given.get("objects", [])
    faults = [fault for each in objects if each["kind"] != "Notes" for fault in judge(each, versions, judged)]
    lint = [message["error"] for message in report["messages"] if message["severity"] >= 2]
    return {"error": "", "lint": lint, "objects": objects, "faults": faults}


def judge(each: dict[str, Any], versions: list[str], judged: dict[str, list[str]]) -> list[str]:
    """Every object by the oldest and the newest version; by those between, the first of each kind and number of fields: schemas only grow."""
    written = json.dumps(each, sort_keys=True)
    if versions and each["apiVersion"] not in BUILT_IN:
        return operated.refused(each)
    if written not in judged:
        alike = f"{each['kind']} {sorted(fields(each))}"
        asked = versions if alike not in judged else [version for version in versions if version in (versions[0], versions[-1])]
        judged[alike] = []
        judged[written] = [fault for version in asked for fault in refused(each, version)]
    return judged[written]


def fields(value: Any, path: str = "") -> set[str]:
    """Paths of all fields of an object, list places aside."""
    if isinstance(value, dict):
        free = path.endswith(("labels", "matchLabels", "annotations", "data", "nodeSelector"))
        return {path}.union(*(fields(inner, path if free else f"{path}/{key}") for key, inner in value.items()))
    if isinstance(value, list):
        return {path}.union(*(fields(inner, path) for inner in value))
    return {path}


def refused(each: dict[str, Any], version: str) -> list[str]:
    where = f"{version} {each['kind']}/{each['metadata']['name']}"
    try:
        kubernetes.validate(each, version, strict=True)
    except kubernetes.ValidationError as error:
        return [f"{where}: {'/'.join(str(part) for part in error.path)}: {error.message}"]
    except kubernetes.SchemaNotFoundError:
        return [f"{where}: there is no such kind"]
    return []


class Strict(yaml.SafeLoader):
    """Refuses what Kubernetes would take silently: the same key twice."""


def _mapping(loader: Strict, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    doubled = {key for key in keys if keys.count(key) > 1}
    if doubled:
        raise yaml.constructor.ConstructorError(None, None, f"keys twice: {doubled}", node.start_mark)
    return {loader.construct_object(key, deep=True): loader.construct_object(value, deep=True) for key, value in node.value}


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)

if __name__ == "__main__":
    main()
