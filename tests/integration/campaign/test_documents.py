"""The commands of the README and of docs/programmes.md, docs/experiments.md and docs/sending.md, one after the other, as pasted."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign.store import replicas
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).resolve().parents[3]


def commands(document: str) -> list[str]:
    """Each curl of each block: a line, and those that its quotes make part of it."""
    found, begun = [], ""
    for block in re.findall(r"^```sh\n(.*?)^```$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            begun += line
            try:
                shlex.split(begun, comments=True)
            except ValueError:
                continue
            found.append(begun)
            begun = ""
    assert not begun, f"{document}: a quote is left open in {begun}"
    return [command for command in found if "curl" in command]


async def pasted(play: Stage, document: str, names: dict[str, str]) -> list[int]:
    """Run every curl of a document; the statuses."""
    statuses = []
    for command in commands(document):
        filled = re.sub(r"'\$([A-Z]+)'", lambda found: names[found[1]], command)
        body = re.search(r"-d '(.*?)'(?:\s|\)|$)", filled)
        address = re.search(r"\$H(/[^\s\"]+)", filled)
        assert address is not None, command
        path = "/api/v1" + re.sub(r"\$([A-Z]+)", lambda found: names[found[1]], address[1])
        method = re.search(r"-X (\w+)", filled)
        key = re.search(r'"Idempotency-Key: ([^"]+)"', filled)
        answer = await play.http.call(
            method[1] if method else "POST" if body else "GET", path, json=json.loads(body[1]) if body else None,
            headers={"idempotency-key": key[1]} if key else {}, scopes=["campaigns:read", "campaigns:write", "campaigns:send"],
            subject="second" if '"$A2"' in command else "test",
        )
        statuses.append(answer.status)
        assert answer.status < 300, (command, answer.body)
        if kept := re.match(r"([A-Z]+)=\$\(.*jq -r \.(\w+)\)$", command):
            names[kept[1]] = str(_answered(answer.json(), kept[2]))
    return statuses


def _answered(answer: dict[str, Any], name: str) -> Any:
    return answer[name]


async def test_programmes(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        statuses = await pasted(play, "docs/programmes.md", {"CUSTOMER": await play.customer("ann@x.example")})
    assert len(statuses) == 31


async def test_experiments(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        template = await play.template()
        statuses = await pasted(play, "docs/experiments.md", {"TEMPLATE": template, "CAMPAIGN": await play.campaign(template)})
    assert len(statuses) == 11


async def test_sending(cluster: PrivateCluster) -> None:
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        play.audience.segments["other"] = []
        ann = await play.customer("ann@example.com")
        async with play.service.transaction() as tx:
            await replicas.put_identities(tx.db, [(play.service.hash_identity("email:ann@example.com"), "email", UUID(ann))], gone=[])
        names = {"CUSTOMER": ann, "S": "all", "OTHER": "other"}
        statuses = await pasted(play, "docs/sending.md", names)
        assert "me@example.com" in play.box.recipients(), "the test mail went out"
    assert len(statuses) == 16


async def test_readme(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        names = {"CUSTOMER": await play.customer("ann@x.example"), "S": "all"}
        statuses = await pasted(play, "services/campaign/README.md", names)
    assert len(statuses) == 5
