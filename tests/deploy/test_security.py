"""What a policy scanner would look at, said as rules: Pod Security restricted, no tokens, own secrets only, default deny with the needed doors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from launcher import roster
from tests.deploy.charts import MATRIX, ROOT, of_kind


def pods(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in of_kind(name, "Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob"):
        yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*spec["containers"], *spec.get("initContainers", [])]


@pytest.mark.parametrize("name", MATRIX)
def test_pod_security_is_restricted_and_the_root_is_read_only(name: str) -> None:
    """Each field that the standard *restricted* asks for, on every container, initial ones included."""
    found = dict(pods(name))
    assert len(found) == 13
    for spec in found.values():
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        for volume in spec["volumes"]:
            assert len(set(volume) & {"emptyDir", "secret", "persistentVolumeClaim", "configMap", "projected"}) == 1
        for container in containers(spec):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert not {"privileged", "procMount"} & set(context)
            assert not any("hostPort" in port for port in container.get("ports", []))
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"]["cpu"]


def test_a_service_has_its_own_account_and_its_own_secrets() -> None:
    accounts = {each["metadata"]["name"]: each for each in of_kind("external", "ServiceAccount")}
    assert set(accounts) == {f"crm-{name}" for name in (*roster.PROCESSES, "migrate")}
    assert not any(account["automountServiceAccountToken"] for account in accounts.values())
    assert of_kind("external", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") == []
    for name, spec in pods("external"):
        process = name.split("-")[1]
        [secret] = [volume["secret"] for volume in spec["volumes"] if volume["name"] == "secrets"]
        assert secret["defaultMode"] == 0o440
        keys = {item["key"] for item in secret["items"]}
        assert spec["serviceAccountName"] == f"crm-{process}"
        if process == "migrate":
            continue
        own = {"identity_secret", "link_secret", "trusted_keys", f"signing_key_{process}"}
        own |= {f"{process}_database_url"} if process != "collector" else set()
        assert keys == own | ({"smtp_url"} if process == "campaign" else set())
        assert not any("value" in line and re.search("PASSWORD$|SECRET$|KEY$|DATABASE_URL$", line["name"]) for line in spec["containers"][0]["env"])


def test_doors_between_services_are_those_that_the_code_uses() -> None:
    """`calls` of the values, and so the network, against who asks whom in the source."""
    asked: dict[str, set[str]] = {}
    for name in roster.SERVICES:
        sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "services" / name).rglob("*.py"))
        asked[name] = set(re.findall(r'peers\["(\w+)"\]', sources)) | set(re.findall(r'_ask\(service, "(customer|interaction|analytics|campaign|consent)"', sources))
        if "for name in" in sources and "peers[name]" in sources:
            asked[name] |= set(roster.SERVICES) - {name}
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("external", "NetworkPolicy")}
    for name, others in asked.items():
        opened = {
            value for rule in policies[f"crm-{name}"].get("egress", []) for peer in rule.get("to", [])
            for expression in peer["podSelector"].get("matchExpressions", []) for value in expression["values"]
        }
        assert others - {name} <= opened, name
        for other in opened:
            callers = {
                value for rule in policies[f"crm-{other}"]["ingress"] for peer in rule.get("from", []) if "podSelector" in peer
                for expression in peer["podSelector"].get("matchExpressions", []) for value in expression["values"]
            }
            assert name in callers


def test_nobody_speaks_to_anybody_by_default() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("external", "NetworkPolicy")}
    assert policies["crm-nobody"].get("ingress", []) == policies["crm-nobody"].get("egress", []) == []
    assert policies["crm-nobody"]["policyTypes"] == ["Ingress", "Egress"]
    database = policies["crm-database"]["podSelector"]["matchExpressions"]
    assert database == [{"key": "app.kubernetes.io/component", "operator": "NotIn", "values": ["collector"]}]
    outside = {name for name, spec in policies.items() for rule in spec.get("egress", []) if "to" not in rule and rule["ports"][0]["port"] not in (5432, 9092)}
    assert outside == {"crm-gateway", "crm-campaign"}
    open_doors = {name for name, spec in policies.items() for rule in spec.get("ingress", []) if {"namespaceSelector": {}} in rule.get("from", []) and rule["ports"][0]["port"] != 9000}
    assert open_doors == {"crm-gateway"}
    assert of_kind("small, another Kafka of Strimzi", "NetworkPolicy") == []


def test_life_of_a_pod() -> None:
    deployments = {each["metadata"]["name"]: each["spec"] for each in of_kind("external", "Deployment")}
    assert set(deployments) == {
        "crm-analytics", "crm-collector-http",
        *(f"crm-{name}-{part}" for name in ("gateway", "customer", "interaction", "campaign", "consent") for part in ("http", "readers")),
    }
    for name, spec in deployments.items():
        pod = spec["template"]["spec"]
        [container] = pod["containers"]
        settings = {line["name"]: line.get("value") for line in container["env"]}
        for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": "admin"}
        assert pod["terminationGracePeriodSeconds"] == 60 > int(settings["ECRM_DRAIN"] or 0) + 30
        assert spec["strategy"]["type"] == ("Recreate" if name == "crm-analytics" else "RollingUpdate")
        assert len(pod["topologySpreadConstraints"]) == 2
        assert [each["args"][:2] for each in pod.get("initContainers", [])] == ([] if "collector" in name else [["schema", name.split("-")[1]]])
    budgets = {each["metadata"]["name"] for each in of_kind("external", "PodDisruptionBudget")}
    assert budgets == set(deployments) - {"crm-analytics"}
    services = {each["metadata"]["name"]: each["spec"]["selector"] for each in of_kind("external", "Service")}
    assert {selector["peyvand.dev/part"] for selector in services.values()} == {"http", "all"}


def test_scalers_follow_readers_and_requests() -> None:
    scaled = {each["metadata"]["name"]: each["spec"] for each in of_kind("everything", "ScaledObject")}
    assert set(scaled) == {f"crm-{name}-readers" for name in ("gateway", "customer", "interaction", "campaign", "consent")}
    groups = {trigger["metadata"]["consumerGroup"] for trigger in scaled["crm-customer-readers"]["triggers"]}
    assert groups == {f"customer.{each.reader}" for each in roster.manifest("customer").subscriptions}
    assert {each["metadata"]["name"] for each in of_kind("everything", "HorizontalPodAutoscaler")} == {
        f"crm-{name}-http" for name in ("gateway", "collector", "customer", "interaction", "campaign", "consent")
    }
    replicas = {each["metadata"]["name"]: each["spec"].get("replicas") for each in of_kind("everything", "Deployment")}
    assert {name for name, number in replicas.items() if number is not None} == {"crm-analytics"}
