"""The chart rendered and judged in the environment of `make charts`, once for all tests of a run."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm"
ENVIRONMENT = ROOT / ".venv-charts"
#: Every version of Kubernetes the chart is promised for, up to the newest whose schemas the wheel carries.
VERSIONS = ["1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]

BASE: dict[str, Any] = {"publicUrl": "https://crm.example.org", "secrets": {"existingSecret": "peyvand"}, "kafka": {"bootstrap": "kafka:9092"}}
ON = {"enabled": True}
IN_CLUSTER: dict[str, Any] = {"publicUrl": "https://crm.example.org", "secrets": {"existingSecret": "peyvand"}, "strimzi": ON, "cloudNativePG": ON}

#: Values that must render, lint and be taken by every version.
MATRIX: dict[str, dict[str, Any]] = {
    "external": BASE,
    "in the cluster": IN_CLUSTER,
    "everything": {
        **IN_CLUSTER, "autoscaling": {"http": ON, "readers": ON}, "httpRoute": {**ON, "parentRefs": [{"name": "door", "namespace": "net"}]},
        "certManager": {**ON, "issuer": {"name": "le"}}, "mail": {**ON, "domains": "example.org"},
        "monitoring": {"serviceMonitor": ON, "rules": {**ON, "labels": {"release": "prometheus"}}, "dashboards": ON},
        "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]}, "tolerations": [{"key": "crm", "operator": "Exists"}],
        "nodeSelector": {"pool": "crm"}, "priorityClassName": "important", "env": {"ECRM_PRIVATE_NETWORKS": "10.1.0.0/16"},
    },
    "ingress and external secret": {
        "publicUrl": "https://crm.example.org", "kafka": {"bootstrap": "a:9092,b:9092", "tls": True, "caSecret": {"name": "ca"}, "users": {**ON, "secretPrefix": "k-"}},
        "externalSecret": {**ON, "store": {"name": "vault", "kind": "ClusterSecretStore"}, "key": "peyvand"},
        "ingress": {**ON, "className": "nginx", "hosts": ["crm.example.org"], "annotations": {"a": "b"}}, "certManager": {**ON, "issuer": {"name": "le"}},
        "autoscaling": {"readers": ON}, "services": {"analytics": {"storage": {"existingClaim": "kept"}}},
    },
    "small, another Kafka of Strimzi": {
        "publicUrl": "http://crm.local", "secrets": {"existingSecret": "s"}, "strimzi": {**ON, "cluster": {"create": False, "name": "events"}},
        "kafka": {"replicas": 1, "topicPrefix": "north."}, "autoscaling": {"readers": ON}, "networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}, "spread": {"zones": False},
        "migrate": {"grant": True}, "services": {"customer": {"image": {"tag": "0.2.0"}, "env": {"ECRM_CUSTOMER_DEFAULT_REGION": "IR"}}},
    },
}


@functools.cache
def rendered(name: str) -> dict[str, Any]:
    """One case of the matrix: `objects`, `lint`, `faults`."""
    found: dict[str, Any] = _matrix()["cases"][name]
    assert found["error"] == ""
    return found


@functools.cache
def _matrix() -> dict[str, Any]:
    return ask({name: {"values": values, "lint": True} for name, values in MATRIX.items()}, versions=VERSIONS)


@functools.cache
def read_yaml(*paths: str) -> dict[str, Any]:
    """YAML files below the top folder."""
    found: dict[str, Any] = ask({}, yaml=[str(ROOT / path) for path in paths])["yaml"]
    return {path: found[str(ROOT / path)] for path in paths}


def ask(cases: dict[str, Any], *, versions: list[str] | None = None, yaml: list[str] | None = None) -> dict[str, Any]:
    """What deploy/charts/render.py says. Skips where its environment is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        pytest.skip("no Helm here: `make charts` makes its environment")
    asked = json.dumps({"chart": str(CHART), "cases": cases, "versions": versions or [], "yaml": yaml or []})
    done = subprocess.run([str(python), str(ROOT / "deploy/charts/render.py")], input=asked, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def of_kind(name: str, *kinds: str) -> list[dict[str, Any]]:
    """The objects of these kinds in one case."""
    return [each for each in rendered(name)["objects"] if each["kind"] in kinds]
