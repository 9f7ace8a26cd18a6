"""The chart over a matrix of values: strict lint, Kubernetes' own schemas, unknown keys, contradictions, what it is generated from."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from typing import Any

import pytest
import typer

from chassis.version import VERSION
from contracts import catalogue
from launcher import __main__ as command_line
from launcher import publishing, roster
from tests.deploy import charts
from tests.deploy.charts import BASE, CHART, IN_CLUSTER, MATRIX, ON, ROOT, of_kind, rendered


@pytest.mark.parametrize("name", MATRIX)
def test_every_case_is_linted_strictly_and_taken_by_every_version(name: str) -> None:
    """U48 U49: all in the namespace of its release, rendered, linted, and valid against the schemas of Kubernetes 1.29 to the newest, unknown fields refused."""
    found = rendered(name)
    assert found["lint"] == []
    assert found["faults"] == []
    assert len(found["objects"]) > 40
    names = [(each["kind"], each["metadata"]["name"]) for each in found["objects"] if each["kind"] != "Notes"]
    assert len(names) == len(set(names))
    assert all(each["metadata"]["namespace"] == "peyvand" for each in found["objects"] if each["kind"] != "Notes")


def test_the_judge_refuses_what_is_wrong() -> None:
    """A control: a field that does not exist is a fault in the check itself."""
    wrong = charts.ask({"x": {"values": {**BASE, "tolerations": [{"kee": "x"}]}}}, versions=["1.29", "1.37"])
    assert len({fault.split()[0] for fault in wrong["cases"]["x"]["faults"]}) == 2


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no address": ({**BASE, "publicUrl": ""}, "publicUrl is not set"),
    "no secret": ({**BASE, "secrets": {"existingSecret": ""}}, "secrets.existingSecret is not set"),
    "two secrets": ({**BASE, "externalSecret": {**ON, "store": {"name": "v"}, "key": "k"}}, "choose one"),
    "a store without name": ({"publicUrl": "http://x", "kafka": {"bootstrap": "k:9092"}, "externalSecret": ON}, "needs store.name and key"),
    "no log": ({**BASE, "kafka": {"bootstrap": ""}}, "kafka.bootstrap is not set"),
    "two logs": ({**BASE, "strimzi": ON}, "choose one"),
    "whose cluster": ({**IN_CLUSTER, "strimzi": {**ON, "cluster": {"create": False}}}, "must name the cluster"),
    "users twice": ({**IN_CLUSTER, "kafka": {"users": ON}}, "the users are made"),
    "too few brokers": ({**IN_CLUSTER, "strimzi": {**ON, "brokers": 1}}, "at least as many strimzi.brokers"),
    "two doors": ({**BASE, "ingress": {**ON, "hosts": ["x"]}, "httpRoute": {**ON, "parentRefs": [{"name": "g"}]}}, "choose one door"),
    "a route to nowhere": ({**BASE, "httpRoute": ON}, "parentRefs is empty"),
    "a host without name": ({**BASE, "ingress": ON}, "ingress.hosts is empty"),
    "no issuer": ({**BASE, "certManager": ON}, "issuer.name"),
    "mail for nobody": ({**BASE, "mail": ON}, "name the domains"),
    "no time to end": ({**BASE, "drainSeconds": 40}, "terminationGracePeriodSeconds"),
    "analytics split": ({**BASE, "services": {"analytics": {"parts": {"all": None, "http": {"replicas": 1, "minReplicas": 1, "maxReplicas": 1, "resources": {}}}}}}, "services"),
    "analytics twice": ({**BASE, "services": {"analytics": {"parts": {"all": {"replicas": 2}}}}}, "one process may open its file"),
    "nobody reads": ({**BASE, "services": {"customer": {"parts": {"readers": None}}}}, "nobody reads"),
    "idle readers": ({**BASE, "services": {"customer": {"parts": {"readers": {"replicas": 7}}}}}, "more processes than partitions"),
    "upside down": ({**BASE, "services": {"customer": {"parts": {"http": {"minReplicas": 9}}}}}, "minReplicas is above"),
    "not an address": ({**BASE, "publicUrl": "crm.example.org"}, "publicUrl"),
    "not a setting": ({**BASE, "env": {"PATH": "/x"}}, "'PATH'"),
}


def test_contradictions_are_refused_with_a_reason() -> None:
    found = charts.ask({name: {"values": values} for name, (values, _) in REFUSED.items()})["cases"]
    for name, (_, words) in REFUSED.items():
        assert words in found[name]["error"], (name, found[name]["error"])


def test_an_unknown_key_is_refused_at_every_level() -> None:
    defaults = charts.read_yaml("deploy/helm/values.yaml")["deploy/helm/values.yaml"]
    free = {("env",), ("ingress", "annotations"), ("nodeSelector",), *((*path, "labels") for path in (("monitoring", "dashboards"), ("monitoring", "rules"), ("monitoring", "serviceMonitor")))}
    free |= {("services", name, "env") for name in roster.PROCESSES}
    cases = {}
    for path in _maps(defaults, ()):
        if path not in free and not any(isinstance(part, int) for part in path):
            wrong: dict[str, Any] = {"unknownKey": 1}
            for part in reversed(path):
                wrong = {part: wrong}
            cases["/".join(path)] = {"values": _merged(BASE, wrong)}
    assert len(cases) > 60
    taken = [name for name, found in charts.ask(cases)["cases"].items() if "unknownKey" not in found["error"]]
    assert taken == []


def _maps(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict):
        return []
    return [path, *(each for key, inner in value.items() for each in _maps(inner, (*path, key)))]


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other[key]) if key in one and key in other else one.get(key, other.get(key)) for key in {**one, **other}}
    return other


def test_generated_files_are_what_the_catalogue_and_the_manifests_say() -> None:
    for name, text in publishing.chart_files().items():
        assert (CHART / "files" / name).read_text(encoding="utf-8") == text, f"{name}: run `make contracts`"


def test_topics_and_users_are_those_of_the_catalogue() -> None:
    topics = of_kind("in the cluster", "KafkaTopic")
    assert {each["spec"]["topicName"] for each in topics} == {topic.name for topic in catalogue.TOPICS}
    assert all(each["apiVersion"] == "kafka.strimzi.io/v1" and each["spec"]["replicas"] == 3 for each in topics)
    for topic in catalogue.TOPICS:
        [config] = [each["spec"]["config"] for each in topics if each["spec"]["topicName"] == topic.name]
        assert config["cleanup.policy"] == ("compact" if topic.compacted else "delete")
        assert config["min.insync.replicas"] == "2"
    users = {each["metadata"]["name"]: each["spec"]["authorization"]["acls"] for each in of_kind("in the cluster", "KafkaUser")}
    assert set(users) == {f"crm-{name}" for name in roster.PROCESSES}
    writes = {name: {acl["resource"]["name"] for acl in acls if "Write" in acl["operations"]} for name, acls in users.items()}
    assert writes["crm-collector"] == {"ecrm.collected"}
    assert writes["crm-consent"] == {"ecrm.consent", "ecrm.state.consent"}
    readers = {name.removeprefix("crm-") for name, acls in users.items() for acl in acls if acl["resource"]["name"] == "ecrm.collected" and "Read" in acl["operations"]}
    assert readers == {"interaction"}
    assert not any("All" in acl["operations"] or "Create" in acl["operations"] for acls in users.values() for acl in acls)


def test_a_prefix_is_before_every_topic_and_group() -> None:
    """U48: several organisations on one Kafka."""
    name = "small, another Kafka of Strimzi"
    assert {each["spec"]["topicName"] for each in of_kind(name, "KafkaTopic")} == {f"north.{topic.name}" for topic in catalogue.TOPICS}
    assert all(acl["resource"]["name"].startswith("north.") for each in of_kind(name, "KafkaUser") for acl in each["spec"]["authorization"]["acls"])
    triggers = [trigger["metadata"] for each in of_kind(name, "ScaledObject") for trigger in each["spec"]["triggers"]]
    assert triggers
    assert all(each["topic"].startswith("north.ecrm.") and each["consumerGroup"].startswith("north.") for each in triggers)
    for each in of_kind(name, "Deployment", "Job"):
        spec = each["spec"]["template"]["spec"]
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            named = {line["name"]: line.get("value") for line in container.get("env", [])}
            assert "ECRM_KAFKA_URL" not in named or named["ECRM_LOG_TOPIC_PREFIX"] == "north."


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = charts.read_yaml("deploy/helm/Chart.yaml")["deploy/helm/Chart.yaml"]
    assert VERSION == project == chart["version"] == chart["appVersion"]


def test_one_service_at_a_time_may_have_another_version() -> None:
    images = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"] for each in of_kind("small, another Kafka of Strimzi", "Deployment")
    }
    assert {name for name, image in images.items() if image == "peyvand:0.2.0"} == {"crm-customer-http", "crm-customer-readers"}
    [job] = of_kind("small, another Kafka of Strimzi", "Job")
    migrations = {each["name"]: each["image"] for each in job["spec"]["template"]["spec"]["initContainers"]}
    assert migrations == {name: "peyvand:0.2.0" if name == "customer" else f"peyvand:{VERSION}" for name in roster.ALL}


def test_each_revision_has_its_own_migration() -> None:
    found = charts.ask({"first": {"values": BASE}, "second": {"values": BASE, "revision": 2}})["cases"]
    names = [[each["metadata"]["name"] for each in case["objects"] if each["kind"] == "Job"] for case in found.values()]
    assert names == [["crm-migrate-1"], ["crm-migrate-2"]]
    assert not any("helm.sh/hook" in (each["metadata"].get("annotations") or {}) for each in found["first"]["objects"] if each["kind"] == "Job")


def test_every_setting_and_command_of_the_chart_exists() -> None:
    from tests.integration.launcher.test_deployment import LAUNCHER_VARIABLES, known_settings

    for name in MATRIX:
        for each in of_kind(name, "Deployment", "Job"):
            spec = each["spec"]["template"]["spec"]
            for container in [*spec["containers"], *spec.get("initContainers", [])]:
                named = {line["name"].removesuffix("_FILE") for line in container.get("env", [])}
                assert named - known_settings() - LAUNCHER_VARIABLES == set()
                assert _known(container["args"]), container["args"]


@functools.cache
def _commands() -> Any:
    command_line._mount_rooms()
    return typer.main.get_command(command_line.app)


def _known(words: list[str]) -> bool:
    """Whether the command line takes these words; nothing is run."""
    command: Any = _commands()
    rest = [str(word) for word in words]
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    return bool(command.make_context("ecrm", rest, resilient_parsing=False).params)


def test_the_notes_lead_to_the_first_event() -> None:
    [notes] = of_kind("external", "Notes")
    assert "job/crm-migrate-1" in notes["text"]
    assert "/v1/track" in notes["text"]
    assert "jsonpath='{.data.source_key}'" in notes["text"]
    assert "port-forward" in notes["text"]
    [routed] = of_kind("everything", "Notes")
    assert "https://crm.example.org/v1/track" in routed["text"]


def test_the_schema_is_json_schema_without_open_ends() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    assert set(schema["properties"]) - {"global"} == set(re.findall(r"^([a-zA-Z]+):", text, re.MULTILINE))
