"""Every command of the customer service's README, executed as pasted: only ids, versions and times are this run's."""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from chassis import settings
from tests.support import people
from tests.support.upright import ROOT, Upright

README: Final = (ROOT / "services/customer/README.md").read_text(encoding="utf-8")
PEOPLE: Final = "user_id,email,given_name\nlist-1,one@list.example,One\nlist-2,no address,Two\n"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def commands() -> list[str]:
    """Each command of each block, what was cut by a backslash joined again; comments are left to the shell."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class Reader:
    """Somebody who goes through the README from the top to the end."""

    def __init__(self, up: Upright, folder: Path) -> None:
        self.up = up
        self.folder = folder
        self.known: dict[str, str] = {"URL": up.url, "KEY": up.admin_key}
        (folder / "people.csv").write_text(PEOPLE)

    def paste(self, command: str) -> Any:
        """The last answer; fails where a curl does."""
        tag = f'"{self._version()}"' if "If-Match" in command else ""
        command = re.sub(r"'If-Match: \"7\"'", f"'If-Match: {tag}'", command)
        command = command.replace("as_of=2026-03-01T12:00:00Z", f"as_of={datetime.now(UTC).isoformat().replace('+00:00', 'Z')}")
        if '-H "Authorization' not in command:  # said once for the block, above it
            command = command.replace("curl ", 'curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" ')
        used = set(re.findall(r"\$([A-Z]+)", command))
        assert used <= self.known.keys(), f"nothing is known of {used - self.known.keys()}: {command}"
        script = 'curl() { command curl -sS --fail-with-body "$@" && echo; }\n' + command
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=self.folder, env={**settings.environment(), **self.known}, capture_output=True, text=True, timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-800:]}{done.stderr[-400:]}"
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            return done.stdout

    def _version(self) -> str:
        return str(self.up.ask("GET", f"/api/v1/customers/{self.known['ID']}")["version"])

    def until(self, path: str, *states: str) -> None:
        deadline = time.monotonic() + 60
        while self.up.ask("GET", path)["state"] not in states:
            assert time.monotonic() < deadline, path
            time.sleep(0.1)

    def registered(self, *identities: str, **traits: Any) -> str:
        return str(self.up.ask("POST", "/api/v1/customers?upsert=true", {"identities": list(identities), "traits": traits}, expect=None).json()["id"])


def prepare(reader: Reader, command: str) -> None:
    """What the reader of a command has at hand by then."""
    known, up = reader.known, reader.up
    if "/merges/preview" in command:
        known["A"], known["B"] = reader.registered("user:a"), reader.registered("user:b")
    elif "$REVIEW" in command:
        for user in ("r1", "r2"):
            reader.registered(f"user:{user}", f"ext:crm:{user}")
        reader.registered("user:r1", "ext:crm:r2")
        known["REVIEW"] = up.ask("GET", "/api/v1/identity-reviews?state=open")["data"][0]["id"]
    elif command.endswith('/duplicates/scans -H "Authorization: Bearer $KEY"'):
        rows = "".join(json.dumps({"user_id": f"p{place}", **record.traits}) + "\n" for place, record in enumerate(people.records(200)))
        brought = up.ask("POST", "/api/v1/imports/file?name=crowd", headers={"content-type": "application/x-ndjson"}, content=rows.encode(), expect=202)
        reader.until(f"/api/v1/imports/{brought['id']}", "done")
    elif "/imports/$ID/undo" in command:
        reader.until(f"/api/v1/imports/{known['ID']}", "done")
    elif "/exports/$ID/content" in command:
        reader.until(f"/api/v1/exports/{known['ID']}", "done")


def learn(reader: Reader, command: str, answer: Any) -> None:
    """What the reader takes from an answer into the next command."""
    known = reader.known
    if '"identities": ["user:42"]' in command or "/imports/file" in command or '/exports" ' in command:
        known["ID"] = answer["id"]
    elif "POST $URL/api/v1/accounts -d" in command:
        known["ACCOUNT"] = answer["id"]
    elif "/identities/" in command and "split" in command and "customer_id" in answer and "split_id" in answer:
        known["SPLIT"] = answer["customer_id"]
    elif "/duplicates/scans" in command:
        reader.until(f"/api/v1/duplicates/scans/{answer['id']}", "done")
        pair = reader.up.ask("GET", "/api/v1/duplicates")["data"][0]
        known["LOW"], known["HIGH"] = pair["low_id"], pair["high_id"]


def halves(command: str) -> list[str]:
    """Two commands in one line where the second needs an answer of the first."""
    return [part.strip() for part in command.split(";")] if "$NEED" in command else [command]


def test_every_command_works_as_it_stands(up: Upright, tmp_path: Path) -> None:
    reader = Reader(up, tmp_path)
    assert len(commands()) >= 30
    for line in commands():
        for command in halves(line):
            prepare(reader, command)
            answer = reader.paste(command)
            learn(reader, command, answer)
            if command.endswith("""'{"text": "A stroller"}'"""):
                reader.known["NEED"] = answer["id"]
    assert (tmp_path / "customers.csv").read_text().startswith("id,")


def test_every_refusal_of_the_tables_is_provoked_by_a_test() -> None:
    """A code in the README's tables of bad inputs stands in a test of the service."""
    rows = [line.split("|") for line in README.splitlines() if line.startswith("| ")]
    codes = {code for row in rows for code in re.findall(r"`([a-z_]+\.[a-z_]+)`", row[2])}
    assert len(codes) > 50
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/customer").glob("*.py"))
    assert sorted(code for code in codes if code not in tests) == []
