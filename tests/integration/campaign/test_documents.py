"""The commands of docs/programmes.md and docs/experiments.md, one after the other, as pasted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

DOCS = Path(__file__).resolve().parents[3] / "docs"


async def pasted(play: Stage, document: str, names: dict[str, str]) -> list[int]:
    """Run every curl of a document; the statuses."""
    statuses = []
    for line in "\n".join(re.findall(r"^```sh\n(.*?)^```$", (DOCS / document).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)).splitlines():
        if "curl" not in line:
            continue
        filled = re.sub(r"'\$([A-Z]+)'", lambda found: names[found[1]], line)
        body = re.search(r"-d '(.*?)'(?:\s|\)|$)", filled)
        address = re.search(r"\$H(/[^\s\"]+)", filled)
        assert address is not None, line
        path = "/api/v1" + re.sub(r"\$([A-Z]+)", lambda found: names[found[1]], address[1])
        method = re.search(r"-X (\w+)", filled)
        key = re.search(r'"Idempotency-Key: ([^"]+)"', filled)
        answer = await play.http.call(
            method[1] if method else "POST" if body else "GET", path, json=json.loads(body[1]) if body else None,
            headers={"idempotency-key": key[1]} if key else {}, scopes=["campaigns:read", "campaigns:write", "campaigns:send"],
        )
        statuses.append(answer.status)
        assert answer.status < 300, (line, answer.body)
        if kept := re.match(r"([A-Z])=\$\(.*jq -r \.(\w+)\)$", line):
            names[kept[1]] = str(_answered(answer.json(), kept[2]))
    return statuses


def _answered(answer: dict[str, Any], name: str) -> Any:
    return answer[name]


async def test_programmes(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        statuses = await pasted(play, "programmes.md", {"CUSTOMER": await play.customer("ann@x.example")})
    assert len(statuses) == 26


async def test_experiments(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        template = await play.template()
        statuses = await pasted(play, "experiments.md", {"TEMPLATE": template, "CAMPAIGN": await play.campaign(template)})
    assert len(statuses) == 11
