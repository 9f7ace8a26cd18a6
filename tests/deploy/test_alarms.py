"""Alarms, pages and dashboards: each alarm has its page and each page its alarm, and every metric that is asked for is told by some process."""

from __future__ import annotations

import json
import re
from typing import Any

from chassis import telemetry
from launcher import dashboards, doctor, roster
from tests.deploy import charts
from tests.deploy.charts import ROOT

RULES = "deploy/helm/files/rules.yaml"
PAGES = ROOT / "docs" / "runbooks"
#: What Prometheus itself says of its targets.
OF_PROMETHEUS = {"up"}
FUNCTIONS = set("sum by rate max min count abs topk on unless time and or le histogram_quantile min_over_time".split())


def rules() -> list[dict[str, Any]]:
    return [rule for group in charts.read_yaml(RULES)[RULES]["groups"] for rule in group["rules"]]


def told() -> set[str]:
    """Names of all series that processes have, as soon as their rooms are imported."""
    for name in roster.ALL:
        roster.manifest(name)
    import services.campaign.commands.handing_off
    import services.interaction.api.collector  # noqa: F401

    found = set()
    for family in telemetry.REGISTRY.collect():
        suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}[family.type]
        found |= {family.name + suffix for suffix in suffixes}
    return found


def asked(expression: str) -> set[str]:
    """Names of the series in an expression."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", expression)
    bare = re.sub(r"\b(by|on|unless on)\s*\([^)]*\)", " ", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*", bare) if name not in FUNCTIONS}


def test_each_alarm_has_a_page_and_each_page_an_alarm() -> None:
    alarms = [rule for rule in rules() if "alert" in rule]
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert {_page(rule["alert"]) for rule in alarms} == pages
    for rule in alarms:
        assert rule["annotations"]["runbook_url"] == f"RUNBOOKS/{_page(rule['alert'])}.md"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        text = (PAGES / f"{_page(rule['alert'])}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {rule['alert']}\n")
        assert "## Look" in text
        assert "## Do" in text
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", index)) == pages


def _page(alert: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", alert).lower()


def test_everything_that_is_asked_for_is_told() -> None:
    series = told() | OF_PROMETHEUS | {rule["record"] for rule in rules() if "record" in rule}
    for rule in rules():
        assert asked(rule["expr"]) <= series, rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
    for _, panels in dashboards.BOARDS.values():
        for panel in panels:
            for _, expression in panel.series:
                assert asked(expression), panel.title
                assert asked(expression) <= series, panel.title


def test_labels_that_are_asked_for_are_told() -> None:
    """D16: the delays of profiles, visits, figures and segments, by the names that readers have."""
    readers = {(name, each.reader) for name in roster.ALL for each in roster.manifest(name).subscriptions} | {("analytics", "segments")}
    for rule in rules():
        for chosen in re.findall(r"\{([^}]*reader=[^}]*)\}", rule["expr"]):
            services, wanted = (re.findall(rf'{label}=~?"([^"]+)"', chosen)[0].split("|") for label in ("service", "reader"))
            assert {service for service, reader in readers if reader in wanted} >= set(services)
            assert {reader for service, reader in readers if service in services} >= set(wanted)


def test_burn_rates_are_those_of_the_objectives() -> None:
    """D16: 95 % of the events within 5 s, alarmed when they are not."""
    found = {(rule["alert"], rule["labels"]["window"]): rule["expr"] for rule in rules() if "Burn" in rule.get("alert", "")}
    assert set(found) == {(name, window) for name in ("CollectionAvailabilityBurn", "EventDelayBurn") for window in ("1h", "6h", "1d", "3d")}
    for (name, window), expression in found.items():
        budget = {"CollectionAvailabilityBurn": 0.001, "EventDelayBurn": 0.05}[name]
        factor = {"1h": 14.4, "6h": 6, "1d": 3, "3d": 1}[window]
        assert {float(limit) for limit in re.findall(r"> ([\d.]+)", expression)} == {round(factor * budget, 6)}


def test_the_doctor_leads_to_pages_that_exist() -> None:
    source = (ROOT / "launcher" / "doctor.py").read_text(encoding="utf-8")
    pages = re.findall(r"docs/runbooks/([a-z-]+)\.md", source)
    assert len(pages) >= 5
    assert [page for page in pages if not (PAGES / f"{page}.md").exists()] == []
    assert doctor.LAG == 10_000  # the alarm's threshold


def test_dashboards_are_complete() -> None:
    for name, text in dashboards.files().items():
        board = json.loads(text)
        places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
        assert len(places) == len(set(places)) >= 6
        assert board["uid"] == name.removesuffix(".json")
