"""Grafana dashboards as code, made by `make contracts` into deploy/helm/files/dashboards/."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

WIDTH: Final = 12
HEIGHT: Final = 8


class Panel(NamedTuple):
    """One graph; `series` is a legend and a PromQL expression each."""

    title: str
    unit: str
    series: tuple[tuple[str, str], ...]
    limit: float | None = None


OVERVIEW: Final = (
    Panel("Events accepted a second", "cps", (("accepted", 'sum(rate(ecrm_collected_events_total{outcome="accepted"}[5m]))'),)),
    Panel("Collection: share of 5xx (objective 0.1 %)", "percentunit", (("5 min", "ecrm:collection_errors:ratio5m"), ("1 h", "ecrm:collection_errors:ratio1h")), 0.001),
    Panel("From accepted to applied, p95 (objective 5 s)", "s", (("{{service}}.{{reader}}", "ecrm:delay_seconds:p95_5m"),), 5.0),
    Panel("Events later than 5 s (objective 5 %)", "percentunit", (("5 min", "ecrm:delay_late:ratio5m"), ("1 h", "ecrm:delay_late:ratio1h")), 0.05),
    Panel("Messages a second by outcome", "cps", (("{{channel}} {{outcome}}", "sum by (channel, outcome) (rate(ecrm_messages_total[5m]))"),)),
    Panel("Accepted events that became nothing", "short", (("missing", "max(ecrm_intake_missing_events)"),), 1.0),
    Panel("Set aside", "short", (("{{service}} {{state}}", "max by (service, state) (ecrm_dead_letters)"),), 1.0),
    Panel("Processes up", "short", (("{{process}} {{part}}", 'sum by (process, part) (up{process!=""})'),)),
)

SERVICES: Final = (
    Panel("Requests a second", "reqps", (("{{service}}", "ecrm:http_requests:rate5m"),)),
    Panel("Errors (5xx)", "percentunit", (("{{service}}", "ecrm:http_errors:ratio5m"),), 0.02),
    Panel("Duration, p95", "s", (("{{service}}", "ecrm:http_seconds:p95_5m"),), 1.0),
    Panel("Slowest addresses, p95", "s", (
        ("{{service}} {{route}}", "topk(10, histogram_quantile(0.95, sum by (service, route, le) (rate(ecrm_http_request_seconds_bucket[5m]))))"),
    )),
    Panel("Refused at the door", "cps", (("{{code}}", "sum by (code) (rate(ecrm_door_refused_total[5m]))"),)),
    Panel("Jobs: seconds of work a second", "short", (("{{service}}.{{job}}", "topk(10, sum by (service, job) (rate(ecrm_job_seconds_sum[5m])))"),)),
)

LOG: Final = (
    Panel("Records applied a second", "cps", (("{{service}}.{{reader}}", 'sum by (service, reader) (rate(ecrm_records_total{outcome="applied"}[5m]))'),)),
    Panel("Records behind", "short", (("{{service}}.{{reader}}", "max by (service, reader) (ecrm_reader_lag)"),), 10_000.0),
    Panel("Outbox: age of the oldest row", "s", (("{{service}}", "max by (service) (ecrm_outbox_oldest_seconds)"),), 30.0),
    Panel("Outbox: rows", "short", (("{{service}}", "max by (service) (ecrm_outbox_pending)"),)),
    Panel("Standing still at a gap", "short", (("{{service}}.{{reader}}", "max by (service, reader) (ecrm_reader_stopped)"),), 1.0),
    Panel("Clock minus database's clock", "s", (("{{service}}", "max by (service) (ecrm_clock_off_seconds)"),), 2.0),
    Panel("Webhook deliveries a second", "cps", (("{{outcome}}", "sum by (outcome) (rate(ecrm_webhook_deliveries_total[5m]))"),)),
    Panel("Versions that run", "short", (("{{version}}", "count by (version) (ecrm_build)"),)),
)

BOARDS: Final = {
    "peyvand-overview": ("Peyvand: overview and objectives", OVERVIEW),
    "peyvand-services": ("Peyvand: services (rate, errors, duration)", SERVICES),
    "peyvand-log": ("Peyvand: readers, outbox, log", LOG),
}


def files() -> dict[str, str]:
    """Each dashboard by file name."""
    return {f"{name}.json": json.dumps(_board(name, title, panels), indent=1) + "\n" for name, (title, panels) in BOARDS.items()}


def _board(name: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    choice = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Data source"}
    return {
        "uid": name, "title": title, "tags": ["peyvand"], "timezone": "browser", "refresh": "30s", "schemaVersion": 41, "editable": False,
        "time": {"from": "now-6h", "to": "now"}, "templating": {"list": [choice]},
        "panels": [_panel(number, panel, source) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel, source: dict[str, str]) -> dict[str, Any]:
    custom = {"thresholdsStyle": {"mode": "line" if panel.limit is not None else "off"}}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": number + 1, "type": "timeseries", "title": panel.title, "datasource": source,
        "gridPos": {"x": WIDTH * (number % 2), "y": HEIGHT * (number // 2), "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom, "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": source, "expr": expression, "legendFormat": legend}
            for place, (legend, expression) in enumerate(panel.series)
        ],
    }
