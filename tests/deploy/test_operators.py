"""Resources of operators, judged by those operators' own schemas: taken as they are, refused with one field misspelt."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.deploy import charts
from tests.deploy.charts import BASE, MATRIX, ROOT, rendered

KINDS = {
    "Certificate", "Cluster", "Database", "ExternalSecret", "HTTPRoute", "Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "PrometheusRule", "ScaledObject",
    "ServiceMonitor", "TriggerAuthentication",
}


def _operated() -> dict[str, dict[str, Any]]:
    """One object of each kind that belongs to an operator, the one with the most fields."""
    found: dict[str, dict[str, Any]] = {}
    for name in MATRIX:
        for each in rendered(name)["objects"]:
            if "." in each["apiVersion"].split("/")[0] and each["kind"] in KINDS and len(json.dumps(each)) > len(json.dumps(found.get(each["kind"], {}))):
                found[each["kind"]] = each
    return found


def test_every_kind_of_every_operator_is_judged() -> None:
    """U49: the matrix renders each of them; the schemas are those of the operators' releases."""
    assert set(_operated()) == KINDS == {path.stem for path in (ROOT / "deploy/charts/operators").glob("*.json")}
    assert [fault for name in MATRIX for fault in rendered(name)["faults"]] == []


def _misspelt(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all fields of a spec."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in [(*path, key), *_misspelt(inner, (*path, key))]]
    return [place for index, inner in enumerate(value) for place in _misspelt(inner, (*path, index))] if isinstance(value, list) else []


#: Maps whose keys belong to the one who fills them in.
FREE = {"config", "parameters", "labels", "annotations", "limits", "matchLabels", "metadata", "requests"}


def test_any_misspelt_field_is_refused() -> None:
    wrong = []
    for kind, each in _operated().items():
        places = [place for place in _misspelt(each["spec"]) if not FREE & set(place[:-1])]
        assert places, kind
        for place in places[:40]:
            spoilt = copy.deepcopy(each)
            inner = spoilt["spec"]
            for part in place[:-1]:
                inner = inner[part]
            inner[f"{place[-1]}z"] = inner.pop(place[-1])
            spoilt["metadata"] = {"name": "/".join(["spec", *(str(part) for part in place)])}
            wrong.append(spoilt)
    assert len(wrong) > 100
    asked = charts.ask({"x": {"values": BASE, "objects": wrong}}, versions=["1.37"])["cases"]["x"]
    refused = {fault.split(": ")[0] for fault in asked["faults"]}
    assert sorted({f"{each['kind']}/{each['metadata']['name']}" for each in wrong} - refused) == []


def test_what_no_operator_defines_is_refused() -> None:
    unknown = {"apiVersion": "kafka.strimzi.io/v1beta2", "kind": "KafkaTopic", "metadata": {"name": "old"}, "spec": {}}
    wrong_type = {**_operated()["ScaledObject"], "spec": {**_operated()["ScaledObject"]["spec"], "minReplicaCount": "one"}}
    found = charts.ask({"x": {"values": BASE, "objects": [unknown, wrong_type]}}, versions=["1.37"])["cases"]["x"]["faults"]
    assert [fault.split(":")[0] for fault in found] == ["KafkaTopic/old", f"ScaledObject/{wrong_type['metadata']['name']}"]
    assert "no schema" in found[0] and "minReplicaCount" in found[1]
