"""Cuts the schemas of the operators' resources out of their own releases, into deploy/charts/operators/ (`make operators`; needs Go, Maven, Java 21).

A Go module is taken only with the checksum written here. What is kept of a definition is what a server judges by: no descriptions, no status.
All these projects are under the Apache License 2.0, as this one is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent / "operators"

#: (module, version, checksum, definitions inside it)
MODULES = [
    ("github.com/cloudnative-pg/cloudnative-pg", "v1.29.0", "h1:49Dm8+y4va7RODspJjeaK8uMWP3OGAD0gMsxhjm16Mo=",
     ["config/crd/bases/postgresql.cnpg.io_clusters.yaml", "config/crd/bases/postgresql.cnpg.io_databases.yaml"]),
    ("sigs.k8s.io/gateway-api", "v1.6.3", "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
     ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"]),
    ("github.com/kedacore/keda/v2", "v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
     ["config/crd/bases/keda.sh_scaledobjects.yaml", "config/crd/bases/keda.sh_triggerauthentications.yaml"]),
    ("github.com/external-secrets/external-secrets", "v1.3.2", "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
     ["config/crds/bases/external-secrets.io_externalsecrets.yaml"]),
    ("github.com/cert-manager/cert-manager", "v1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
     ["deploy/crds/cert-manager.io_certificates.yaml"]),
    ("github.com/prometheus-operator/prometheus-operator", "v0.85.0", "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
     ["example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
      "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"]),
]
#: Strimzi publishes classes and the generator that makes its definitions of them; versions stand in operators/strimzi/pom.xml.
STRIMZI = ["kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java", default="java", help="Java 21 or newer, for Strimzi's generator")
    java = parser.parse_args().java
    for module, version, checksum, paths in MODULES:
        folder = downloaded(module, version, checksum)
        for path in paths:
            keep(yaml.safe_load((folder / path).read_text(encoding="utf-8")), f"{module}@{version}")
    for definition in generated(java):
        keep(definition, "io.strimzi:api (operators/strimzi/pom.xml)")


def downloaded(module: str, version: str, checksum: str) -> Path:
    done = subprocess.run(["go", "mod", "download", "-json", f"{module}@{version}"], capture_output=True, text=True, check=False)  # noqa: S603, S607 - the developer's own Go
    found = json.loads(done.stdout or "{}")
    if done.returncode != 0 or found.get("Sum") != checksum:
        sys.exit(f"{module}@{version}: wanted {checksum}, got {found.get('Sum')} {found.get('Error', '')} {done.stderr}")
    return Path(found["Dir"])


def generated(java: str) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder) / "classes"
        subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "strimzi"), "dependency:build-classpath", f"-Dmdep.outputFile={classes}"], check=True)  # noqa: S603, S607
        wanted = [f"io.strimzi.api.kafka.model.{name}={folder}/{name}.yaml" for name in STRIMZI]
        options = ["--target-kube", "1.25+", "--crd-api-version", "v1", "--api-versions", "v1", "--storage-version", "v1", "--yaml"]
        subprocess.run([java, "-cp", classes.read_text(), "io.strimzi.crdgenerator.CrdGenerator", *options, *wanted], check=True)  # noqa: S603
        return [yaml.safe_load((Path(folder) / f"{name}.yaml").read_text(encoding="utf-8")) for name in STRIMZI]


def keep(definition: dict[str, Any], source: str) -> None:
    """One file for a kind: its newest served version, as a definition a server takes again."""
    spec = definition["spec"]
    version = next(each for each in reversed(spec["versions"]) if each["served"] and each["storage"])
    schema = cut(version["schema"]["openAPIV3Schema"])
    schema["properties"].pop("status", None)
    group, names = spec["group"], spec["names"]
    kept = {
        "apiVersion": definition["apiVersion"], "kind": definition["kind"],
        "metadata": {"name": definition["metadata"]["name"], "annotations": {"peyvand.source": source, **approved(definition)}},
        "spec": {
            "group": group, "scope": spec["scope"], "names": {key: names[key] for key in ("kind", "plural", "singular")},
            "versions": [{"name": version["name"], "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    (HERE / f"{names['kind']}.json").write_text(text + "\n", encoding="utf-8")


def approved(definition: dict[str, Any]) -> dict[str, str]:
    """Groups of Kubernetes' own may be defined only with this."""
    key = "api-approved.kubernetes.io"
    found = definition["metadata"].get("annotations") or {}
    return {key: found[key]} if key in found else {}


def cut(value: Any, *, names: bool = False) -> Any:
    """Without descriptions; `names`: the keys are names of fields, one of which may be "description"."""
    if isinstance(value, dict):
        return {key: cut(inner, names=key == "properties" and not names) for key, inner in value.items() if names or key not in ("description", "externalDocs", "example")}
    return [cut(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
