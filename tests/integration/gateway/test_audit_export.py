"""The audit log in files that prove themselves: whatever is changed in them is seen without asking anybody."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from chassis.clock import Clock
from chassis.identity import Tokens, new_signing_key, public_part
from gateway import commands
from gateway.domain import auditing as rules
from launcher.auditing import access, app
from launcher.embedded_postgres import PrivateCluster
from services.consent.domain.verifying import Fault
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILES = (access.ENTRIES, access.ANCHORS, access.KEYS, access.SUMMARY)


@pytest_asyncio.fixture(name="exported", loop_scope="module", scope="module")
async def export(cluster: PrivateCluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of some sixty entries with three signed heads, exported as the command does it."""
    folder = tmp_path_factory.mktemp("access")
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        for _ in range(2):
            for number in range(25):
                assert (await admin.ask("GET", f"/api/v1/people?round={number}")).status == 200
            await commands.export_audit(platform["gateway"].service)

        async def ask(method: str, path: str, body: Any) -> Any:
            answer = await admin.ask(method, path, body)
            assert answer.status == 200, answer.body
            return answer.json()

        found = await access.bring(ask, folder)
        assert found.entries >= 50
        assert found.anchors >= 2
        assert (await admin.ask("POST", "/api/v1/audit/verify")).json()["intact"]
    return folder


def altered(folder: Path, luck: random.Random) -> str:
    """One change of one kind in one file."""
    name = luck.choice(FILES)
    raw = bytearray((folder / name).read_bytes())
    lines = raw.splitlines(keepends=True)
    kind = luck.choice(["byte", "take out", "put in", "cut off"] + (["line out", "line twice", "swapped"] if len(lines) > 1 else []))
    place = luck.randrange(len(raw))
    if kind == "byte":
        raw[place] ^= 1 << luck.randrange(8)
    elif kind == "take out":
        del raw[place]
    elif kind == "put in":
        raw.insert(place, luck.randrange(256))
    elif kind == "cut off":
        del raw[place:]
    else:
        at = luck.randrange(len(lines) - 1)
        changed = {
            "line out": [*lines[:at], *lines[at + 1 :]], "line twice": [*lines[: at + 1], *lines[at:]],
            "swapped": [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        }
        raw = bytearray(b"".join(changed[kind]))
    (folder / name).write_bytes(raw)
    return f"{kind} in {name} at {place}"


async def test_two_hundred_alterations_are_all_seen(exported: Path, tmp_path: Path) -> None:
    assert access.verify(exported).entries >= 50
    luck, unseen = random.Random(11), []
    for number in range(200):
        copy = tmp_path / str(number)
        shutil.copytree(exported, copy)
        what = altered(copy, luck)
        try:
            access.verify(copy)
            unseen.append(what)
        except Fault:
            shutil.rmtree(copy)
    assert unseen == []


async def test_the_end_cannot_be_cut_off_nor_the_chain_made_anew(exported: Path, tmp_path: Path) -> None:
    lines = (exported / access.ENTRIES).read_text().splitlines(keepends=True)
    shorter = shutil.copytree(exported, tmp_path / "shorter")
    (shorter / access.ENTRIES).write_text("".join(lines[:-3]))
    with pytest.raises(Fault, match="ended at entry"):
        access.verify(shorter)
    again = shutil.copytree(exported, tmp_path / "again")
    head, made = rules.START, []
    for told in map(json.loads, lines):
        body = told["body"].replace('"status":200', '"status":404')
        head = rules.hash_of(body, head)
        made.append(json.dumps({"body": body, "hash": head.hex(), "seq": told["seq"]}, sort_keys=True, separators=(",", ":")) + "\n")
    (again / access.ENTRIES).write_text("".join(made))
    with pytest.raises(Fault, match="not what was anchored"):
        access.verify(again)


async def test_who_signs_it_all_again_with_a_key_of_his_own_is_not_trusted(exported: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    listed = [json.loads(line) for line in (exported / access.KEYS).read_text().splitlines()]
    saved.write_text(json.dumps({"keys": listed}))
    run = CliRunner().invoke(app, ["verify", str(exported), "--trusted", str(saved)])
    assert run.exit_code == 0, run.output
    assert "holds" in run.output
    forged = shutil.copytree(exported, tmp_path / "forged")
    own = new_signing_key("gateway")
    keys = json.dumps(public_part(own), sort_keys=True, separators=(",", ":"))
    signer = Tokens(issuer="gateway", signing_key=json.dumps(own), trusted_keys=json.dumps({"keys": [public_part(own)]}), clock=Clock())
    claims = {
        "entries": 0, "head": "", "anchors": 0, "anchors_hash": rules.digest_of([]), "keys_hash": rules.digest_of([keys]), "at": "2026-11-23T00:00:00Z",
    }
    (forged / access.KEYS).write_text(keys + "\n")
    (forged / access.ENTRIES).write_text("")
    (forged / access.ANCHORS).write_text("")
    (forged / access.SUMMARY).write_text(signer.attest(claims, purpose=access.EXPORT))
    assert access.verify(forged).entries == 0, "in itself it holds"
    run = CliRunner().invoke(app, ["verify", str(forged), "--trusted", str(saved)])
    assert (run.exit_code, "do not trust" in run.output) == (1, True)


async def test_only_who_may_read_the_log_may_take_it_away(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        made = await admin.ask("POST", "/api/v1/keys", {"name": "reader", "scopes": ["customers:read"]})
        await platform.drain()
        for method, path in (("POST", "/api/v1/audit/export"), ("GET", "/api/v1/audit/entries"), ("GET", "/api/v1/audit/anchors")):
            assert (await Visitor(platform, made.json()["key"]).ask(method, path)).status in {401, 403}
        assert (await admin.ask("GET", "/api/v1/audit/entries?page_token=x")).status == 422
        assert (await admin.ask("GET", "/api/v1/audit/entries?limit=0")).status == 422
