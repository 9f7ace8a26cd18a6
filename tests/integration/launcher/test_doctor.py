"""`ecrm doctor` on started services: silent about what is well, and for each fault a finding that says what to do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from launcher import doctor
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import administrator
from tests.support.platform import started

SABOTAGE = {
    "outbox": "INSERT INTO outbox (records, payload, created_at) VALUES (1, '', now() - interval '100 s')",
    "dead letters": (
        "INSERT INTO dead_letter (id, reader, topic, partition, record_offset, key, headers, appended_at, cause, place, parks) "
        "VALUES (gen_random_uuid(), 'consent.profiles', 'ecrm.customer', 0, 1, '', '', now(), 'ValueError', 'x:1', true)"
    ),
}


@pytest.mark.asyncio
async def test_a_platform_that_is_well_and_one_that_is_not(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer", "interaction", "analytics", "campaign", "consent", read=False) as platform:
        admin = await administrator(platform)
        for name in platform.services:  # nobody relays here; what the start itself told is no fault of the test's
            await platform[name].service.database.fetch_value("DELETE FROM outbox")
        answer = await admin.ask("GET", "/api/v1/deployment")
        assert answer.status == 200, answer.body
        well = answer.json()
        assert set(well["parts"]) == {"gateway", "customer", "interaction", "analytics", "campaign", "consent"}
        assert [finding for finding in doctor.findings(well) if finding.grave and "the log" not in finding.what] == []
        await platform["consent"].service.database.fetch_value(SABOTAGE["outbox"])
        await platform["consent"].service.database.fetch_value(SABOTAGE["dead letters"])
        found = list(doctor.findings((await admin.ask("GET", "/api/v1/deployment")).json()))
        assert {finding.part for finding in found if finding.what.startswith(("1 rows wait", "1 dead letters"))} == {"consent"}
        assert len([finding for finding in found if finding.part == "consent"]) == 2
        assert (await admin.ask("GET", "/api/v1/deployment", key="")).status == 401
        _each_fault_has_its_finding(well)


def _each_fault_has_its_finding(well: dict[str, Any]) -> None:
    faults: dict[str, Callable[[dict[str, Any]], None]] = {
        "does not answer": lambda said: said["silent"].update(collector="does not answer"),
        "version differs": lambda said: said["parts"]["campaign"].update(version="9.9.9"),
        "shared secrets differs": lambda said: said["parts"]["campaign"]["settings"].update(secrets="other"),
        "public_url differs": lambda said: said["parts"]["campaign"]["settings"].update(public_url="http://other"),
        "its code is made for": lambda said: said["parts"]["campaign"].update(schema="0001"),
        "topics are missing": lambda said: said["parts"]["campaign"].update(missing_topics=["ecrm.customer"]),
        "stands still": lambda said: said["parts"]["campaign"]["readers"][0].update(stopped_by="log_gap"),
        "records behind": lambda said: said["parts"]["campaign"]["readers"][0].update(behind=1_000_000),
        "clock differs": lambda said: said["parts"]["campaign"].update(clock_off_seconds=-7.5),
    }
    for words, break_it in faults.items():
        said = copy.deepcopy(well)
        before = set(doctor.findings(said))
        break_it(said)
        new = set(doctor.findings(said)) - before
        assert len(new) == 1, words
        [finding] = new
        assert words in finding.what
        assert finding.do


@pytest.mark.asyncio
async def test_a_part_that_is_away_is_named(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent", read=False) as platform:
        admin = await administrator(platform)
        said = (await admin.ask("GET", "/api/v1/deployment")).json()
        assert set(said["parts"]) == {"gateway", "consent"}
        grave = {finding.part for finding in doctor.findings(said) if finding.grave}
        assert {"customer", "interaction", "analytics", "campaign", "collector"} <= grave
