"""The commands of the README's section on cases, one after the other, as pasted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

README = Path(__file__).resolve().parents[3] / "services" / "interaction" / "README.md"


async def test_every_command_about_cases_does_what_it_says(cluster: PrivateCluster) -> None:
    section = README.read_text(encoding="utf-8").partition("\n## Cases\n")[2].partition("\n## ")[0]
    script = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[0]
    commands = re.split(r"\n(?=curl |[A-Z]+=)", script.replace("\\\n", " ").strip())
    names: dict[str, str] = {"URL": ""}
    statuses = []
    async with started(cluster, "interaction") as platform:
        for line in commands:
            method = re.search(r"-s?X (\w+)", line)
            path = re.search(r"\"?\$URL(/[^ \"]+)", line)
            body = re.search(r"-d '(.*)'", line)
            assert path is not None, line
            filled = re.sub(r"'?\"?\$([A-Z]+)\"?'?", lambda name: names[name.group(1)], body.group(1).replace("\"'$", '"$').replace("'\"", '"')) if body else ""
            address = re.sub(r"\$([A-Z]+)", lambda name: names[name.group(1)], path.group(1))
            answer = await platform["interaction"].call(method.group(1) if method else "GET", address, json=json.loads(_quoted(filled)) if body else None)
            statuses.append(answer.status)
            assert answer.status < 300, (line, answer.json())
            if (kept := re.match(r"([A-Z]+)=", line)) is not None:
                names[kept.group(1)] = answer.json()["id"]
    assert statuses == [201, 201, 201, 201, 201, 200, 202, 200, 200]


def _quoted(body: str) -> str:
    """Ids that the shell put in stand in quotes again."""
    return re.sub(r"(?<![\"\w-])([0-9a-f]{8}-[0-9a-f-]{27})(?![\"\w-])", r'"\1"', body)
