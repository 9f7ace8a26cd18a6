"""docs/journeys.md and docs/programmes.md: every command of the first as pasted; every refusal of both tables is provoked by a test."""

from __future__ import annotations

import re

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import stage
from tests.integration.campaign.test_documents import ROOT, pasted

PAGES = (ROOT / "docs/journeys.md", ROOT / "docs/programmes.md")


@pytest.mark.asyncio
async def test_every_command_works_as_it_stands(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        names = {"CUSTOMER": await play.customer("ann@x.example"), "T": await play.template()}
        assert len(await pasted(play, "docs/journeys.md", names)) == 9


def test_every_refusal_of_the_tables_is_provoked_by_a_test() -> None:
    rows = [line.split("|") for page in PAGES for line in page.read_text(encoding="utf-8").partition("## Bad input")[2].splitlines() if line.startswith("| ")]
    codes: set[str] = set()
    for row in rows:
        family = ""
        for code in re.findall(r"`([a-z_]*\.[a-z_]+)`", " ".join(row[2:])):
            family = code.partition(".")[0] or family
            codes.add(code if code.partition(".")[0] else family + code)
    assert len(codes) > 40
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/campaign").rglob("*.py"))
    assert sorted(code for code in codes if code not in tests and code.replace("reward.", "offer_") not in tests) == []
