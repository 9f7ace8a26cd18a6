"""Logs carry no personal data, traces cross the log, every service shows metrics and health."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest

from chassis import telemetry
from chassis.reacting import Subscription
from chassis.unit_of_work import Transaction
from contracts.consent import ConsentGranted
from contracts.envelope import Envelope
from launcher.embedded_postgres import PrivateCluster
from tests.integration.chassis.test_reacting import Sample, caught_up, granted, sample, until
from tests.support.platform import started


@pytest.mark.asyncio
async def test_a_trace_goes_through_the_log(cluster: PrivateCluster) -> None:
    seen: list[str] = []

    async def handler(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        seen.append(telemetry.traceparent())

    async with sample(cluster, Subscription(reader="tracer", topics=("ecrm.consent",), facts={ConsentGranted: handler})) as running:
        begun = telemetry.follow("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        async with running.service.transaction() as tx:
            tx.tell(granted("c1"))
        telemetry.follow(None)
        await until(lambda: caught_up(running))
    assert [trace[3:35] for trace in seen] == ["4bf92f3577b34da6a3ce929d0e0e4736"]
    assert seen[0] != begun, "each step is a span of its own"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    """Whoever tells of a full disk may be writing to it: a reader that only logs must go on."""
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)
    with redirect_stderr(full):
        telemetry.configure(level="info", json=True)
        telemetry.logger("full").warning("reader_waits", reader="r")
    with suppress(OSError):
        full.close()
    errors = io.StringIO()
    with redirect_stderr(errors):
        telemetry.configure(level="info", json=True)
        telemetry.logger("room").warning("reader_waits", reader="r")
    assert json.loads(errors.getvalue())["reader"] == "r"


def test_a_log_line_drops_what_is_not_allowed() -> None:
    errors = io.StringIO()
    with redirect_stderr(errors):
        telemetry.configure(level="info", json=True)
        try:
            raise ValueError("sara@example.com is not a number")
        except ValueError as error:
            telemetry.logger("test").error("went_wrong", error=error, email="sara@example.com", topic="ecrm.customer")
    line = json.loads(errors.getvalue())
    assert "sara" not in errors.getvalue()
    assert line["topic"] == "ecrm.customer"
    assert line["dropped_fields"] == ["email"]
    assert line["error_type"] == "ValueError"


@pytest.mark.parametrize("header", ["", "nonsense", "00-zz-00f067aa0ba902b7-01", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
def test_a_bad_traceparent_begins_a_trace_of_our_own(header: str) -> None:
    followed = telemetry.follow(header)
    assert len(followed) == 55
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in followed


@pytest.mark.asyncio
async def test_health_readiness_and_metrics_of_a_service(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent") as platform:
        consent = platform["consent"]
        assert (await consent.call("GET", "/healthz", scopes=None)).status == 200
        ready = await consent.call("GET", "/readyz", scopes=None)
        assert (ready.status, ready.json()["missing"]) == (200, [])
        await consent.call("GET", "/api/v1/purposes")
        exposed = (await consent.call("GET", "/metrics", scopes=None)).body.decode()
        assert 'ecrm_http_request_seconds_count{route="/api/v1/purposes",service="consent",status="200"}' in exposed


@pytest.mark.asyncio
async def test_a_service_without_its_database_lives_and_is_not_ready(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", read=False) as platform:  # readers would hold on to the connections that are closed here
        consent = platform["consent"]
        assert (await consent.call("GET", "/readyz", scopes=None)).status == 200
        await platform["consent"].service.database.close()
        unready = await consent.call("GET", "/readyz", scopes=None)
        assert (unready.status, unready.json()["missing"][:1]) == (503, ["database"])
        assert (await consent.call("GET", "/healthz", scopes=None)).status == 200
        await platform["consent"].service.database.open()
