"""What was sent proves itself: an export is checked from its files alone, and whatever is altered in it is found."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from typer.testing import CliRunner

from chassis.ids import new_text_id
from contracts.customer import CustomersMerged, CustomersUnmerged
from launcher.__main__ import app
from launcher.auditing import app as audit
from launcher.auditing import exporting, folder
from launcher.embedded_postgres import PrivateCluster
from services.consent import commands as consent
from services.consent.commands import Subject
from services.consent.domain import chain, proofs
from services.consent.domain.proofs import Signer
from services.consent.domain.verifying import Fault
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

ALTERATIONS = 500


async def ask_of(play: Stage, method: str, path: str, body: Any) -> Any:
    service = "campaign" if "/messages" in path else "consent"
    answer = await play.platform[service].call(method, path, json=body)
    assert answer.status == 200, answer.body
    return answer.json()


async def exported(play: Stage, target: Path) -> dict[str, int]:
    async def ask(method: str, path: str, body: Any = None) -> Any:
        return await ask_of(play, method, path, body)

    return await exporting.bring(ask, target)


async def happened(play: Stage) -> None:
    """Two campaigns with withdrawals, merges, an identity not known yet, a stop, a new key and an erasure around them."""
    service = play.platform["consent"].service
    people = await play.customers(30)

    async def withdraw(customer: str) -> None:
        await consent.withdraw_consent(
            service, subject=Subject(UUID(customer)), purpose="marketing", channel="email", source="t", evidence={"n": 1.5, "ی": "x"}, actor="t"
        )

    async def merge(survivor: str, merged: str) -> None:
        async with service.transaction() as tx:
            await consent.merge_customers(service, tx, survivor=UUID(survivor), merged=UUID(merged), merged_at=service.clock.now())

    await withdraw(people[0])
    await merge(people[1], people[2])
    await merge(people[3], people[0])
    identity = service.hash_identity("email:c7@x.example")
    await consent.withdraw_consent(
        service, subject=Subject(identity=identity), purpose="marketing", channel="email", source="t", evidence={}, actor="t"
    )
    await play.launched()
    await play.send_all()
    await consent.seal(service)
    await consent.sign_root(service, at_once=True)
    await consent.rotate_key(service)
    async with service.transaction() as tx:
        await consent.learn_identities(service, tx, known={identity: ("email", UUID(people[7]))}, gone=[])
    async with service.transaction() as tx:
        await consent.unmerge_customers(service, tx, restored=UUID(people[0]))
    await withdraw(people[4])
    await consent.stop_contact(service, subject=Subject(UUID(people[5])), channel=None, source="t", evidence={}, actor="t")
    async with service.transaction() as tx:
        assert await consent.erase_person(service, tx, customers=[UUID(people[6])], identities=[]) == 1
    play.audience.members = [one for one in play.audience.members if one != people[6]]
    await play.launched()
    await play.send_all()


def lines_of(target: Path, name: str) -> list[bytes]:
    return (target / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def alter_blindly(target: Path, chance: random.Random) -> str:
    """As somebody would who has the files and no key."""
    name = chance.choice([*folder.FILES, *folder.FILES, "manifest"])
    path = target / (folder.MANIFEST if name == "manifest" else f"{name}.jsonl")
    raw, act = path.read_bytes(), chance.choice(["flip", "drop", "swap", "insert", "reorder", "truncate", "resign"])
    lines = raw.splitlines(keepends=True)
    if act == "resign":
        resign(target)
        return "resign"
    if act in ("swap", "reorder") and len(lines) < 2:
        act = "flip"
    if act == "flip":
        place = chance.randrange(len(raw))
        raw = raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
    elif act == "truncate":
        raw = raw[: chance.randrange(len(raw))]
    elif act == "drop":
        del lines[chance.randrange(len(lines))]
        raw = b"".join(lines)
    elif act == "insert":
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
        raw = b"".join(lines)
    elif act == "swap":
        one, other = chance.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
        raw = b"".join(lines)
    else:
        before = list(lines)
        while lines == before:
            chance.shuffle(lines)
        raw = b"".join(lines)
    path.write_bytes(raw)
    return f"{act} {name}"


def resign(target: Path) -> None:
    """All of it signed anew, with another key in the place of ours."""
    signer = Signer(b"another")
    write(target, "keys", [{"kid": signer.kid, "public_key": signer.public.hex(), "epoch": 0, "endorsed_by": None, "endorsement": None}])
    roots = read(target, "roots")
    for root in roots:
        signed = chain.Root(
            root["number"], root["first"], root["last"], bytes.fromhex(root["root"]), bytes.fromhex(root["head"]),
            msgspec.convert(root["signed_at"], type=__import__("datetime").datetime),
        )
        root |= {"kid": signer.kid, "signature": signer.sign(chain.root_bytes(signed)).hex()}
    write(target, "roots", roots)
    permits = read(target, "permits")
    for batch in permits:
        stamp = proofs.Stamp(batch["tick"], batch["granted_us"], batch["life_ms"])
        signed_ = proofs.signed_bytes(UUID(batch["batch_id"]), batch["size"], bytes.fromhex(batch["root"]), stamp)
        batch |= {"kid": signer.kid, "signature": signer.sign(signed_).hex()}
    write(target, "permits", permits)
    seal(target, signer)


def read(target: Path, name: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line)["record"] for line in lines_of(target, name)]


def write(target: Path, name: str, records: list[dict[str, Any]]) -> None:
    (target / f"{name}.jsonl").unlink()
    writer = folder.Writer(target, name)
    writer.write(records)
    writer.close()


def seal(target: Path, signer: Signer) -> None:
    """Running hashes and a manifest that fit the files as they are."""
    raw = msgspec.json.decode((target / folder.MANIFEST).read_bytes())["manifest"]
    files = {}
    for name in folder.FILES:
        lines = lines_of(target, name)
        files[name] = {"records": len(lines), "hash": msgspec.json.decode(lines[-1])["hash"] if lines else chain.START.hex()}
    manifest = {"at_us": raw["at_us"], "files": files}
    signature = signer.sign(chain.manifest_bytes(manifest)).hex()
    (target / folder.MANIFEST).write_bytes(chain.canonical({"manifest": manifest, "kid": signer.kid, "signature": signature}))


def alter_knowingly(target: Path, chance: random.Random, signer: Signer) -> str:
    """As somebody would who makes the export himself and signs its manifest with the real key: only what the records say is left to find it."""
    name = chance.choice(["chain", "roots", "permits", "messages"])
    records = read(target, name)
    act = chance.choice(["drop", "swap", "insert", "change", "change"])
    if name == "roots" and act == "drop" and len(records) > 1:
        act = "change"
    place = chance.randrange(len(records))
    if act == "drop":
        del records[place]
    elif act == "swap" and len(records) > 1:
        one, other = chance.sample(range(len(records)), 2)
        records[one], records[other] = records[other], records[one]
    elif act == "insert":
        records.insert(place, dict(chance.choice(records)))
    else:
        act = "change " + change(records[place], name, chance)
    write(target, name, records)
    seal(target, signer)
    return f"{act} {name} {place}"


def change(record: dict[str, Any], name: str, chance: random.Random) -> str:
    """Another value in one of the fields that mean something."""
    other = new_text_id()
    if name == "chain":
        body = msgspec.json.decode(record["body"])
        field = chance.choice([name for name in ("state", "purpose", "channel", "said_at", "recorded_at", "tick") if name in body] + ["hash"])
        if field == "hash":
            record["hash"] = chain.link_hash(record["body"], b"x" * 32).hex()
        elif record["personal"] and chance.random() < 0.5:
            field = chance.choice(["customer", "evidence", "actor", "source"])
            record["personal"] = {**record["personal"], field: other}
        else:
            value = {"state": "granted" if body.get("state") == "withdrawn" else "withdrawn", "tick": body["tick"] + 1}.get(field, "other")
            record["body"] = chain.canonical({**body, field: value}).decode()
        return field
    fields = {
        "roots": ["first", "last", "root", "head", "signed_at", "kid", "signature"],
        "permits": ["size", "root", "signature", "tick", "granted_us", "life_ms", "kid", "leaves"],
        "messages": ["customer_id", "purpose", "channel", "step", "address_hash", "permit_id", "consent_version", "handed_off_at"],
    }[name]
    field = chance.choice(fields)
    value = record[field]
    if field == "leaves":
        leaves = list(value)
        place = chance.randrange(len(leaves))
        leaves[place] = leaves[place].replace('"email"', '"sms"') if isinstance(leaves[place], str) else {"erased": "00" * 32}
        record[field] = leaves
    elif field == "permit_id":
        batch, _, index = value.partition(":")
        record[field] = f"{batch}:{int(index) + 1}"
    elif field.endswith("_at"):
        record[field] = value.replace("2026", "2027").replace("2025", "2026") if "2026" in value or "2025" in value else "2001-01-01T00:00:00Z"
    elif isinstance(value, int):
        record[field] = value + 1
    elif field in ("root", "head", "signature", "address_hash"):
        record[field] = ("0" if value[0] != "0" else "1") + value[1:]
    else:
        record[field] = other
    return field


async def test_every_alteration_is_found(cluster: PrivateCluster, tmp_path: Path) -> None:
    """N1: the export holds as it is; of 500 alterations, half of them with running hashes and manifest put right again, all are found."""
    whole, work = tmp_path / "whole", tmp_path / "work"
    async with stage(cluster) as play:
        await happened(play)
        counts = await exported(play, whole)
        signer = play.platform["consent"].service.resources.signer
        jwks = await play.platform["consent"].call("GET", "/.well-known/ecrm-permit-keys.json", scopes=None)
    assert counts["messages"] > 45, counts
    assert (counts["keys"], counts["roots"]) == (2, 2)
    (tmp_path / "keys.json").write_bytes(jwks.body)
    trusted = folder.read_trusted(tmp_path / "keys.json")
    found = folder.verify(whole, trusted=trusted)
    assert (found.messages, found.entries, found.erased, found.overran) == (counts["messages"], counts["chain"], 1, [])
    assert folder.verify(whole) == found
    chance = random.Random(500)
    missed, named = [], []
    for number in range(ALTERATIONS):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(whole, work)
        what = alter_blindly(work, chance) if number % 2 else alter_knowingly(work, chance, signer)
        if all((work / path.name).read_bytes() == path.read_bytes() for path in whole.iterdir()):
            continue
        try:
            folder.verify(work, trusted=trusted)
            missed.append(what)
        except Fault as fault:
            named.append((what, str(fault)))
    assert missed == []
    assert len(named) > ALTERATIONS * 0.97
    print(f"{len(named)} alterations, all found; for example: {named[0]}, {named[1]}")

    runner = CliRunner()
    good = runner.invoke(audit, ["verify", str(whole), "--trusted", str(tmp_path / "keys.json")])
    assert (good.exit_code, "holds" in good.output) == (0, True), good.output
    lines = lines_of(whole, "messages")
    (whole / "messages.jsonl").write_bytes(b"".join(lines[:9] + lines[10:]))
    bad = runner.invoke(audit, ["verify", str(whole)])
    assert bad.exit_code == 1
    assert "messages, record 10" in bad.output
    assert app is not None


async def test_a_message_after_a_withdrawal_is_named(cluster: PrivateCluster, tmp_path: Path) -> None:
    """N1: whoever has the key and permits what the ledger forbids is found by the ledger."""
    async with stage(cluster) as play:
        service = play.platform["consent"].service
        (customer,) = await play.customers(1)
        await consent.withdraw_consent(
            service, subject=Subject(UUID(customer)), purpose="marketing", channel="email", source="t", evidence={}, actor="t"
        )
        async with service.transaction() as tx:  # what counts is changed behind the ledger's back
            await tx.db.execute("UPDATE person SET effective = jsonb_set(effective, '{marketing,email,state}', '\"granted\"')")
        await play.launched()
        await play.send_all()
        assert len(play.box.mails) == 1
        await exported(play, tmp_path / "out")
    with pytest.raises(Fault, match="permits, record 1: member 0: the ledger did not allow it"):
        folder.verify(tmp_path / "out")


async def test_receipts_are_checked_offline(cluster: PrivateCluster, tmp_path: Path) -> None:
    """N12, R6: a signed receipt of each statement (ISO/IEC TS 27560); any change in it is found."""
    async with stage(cluster) as play:
        http, customer = play.platform["consent"], new_text_id()
        body = {"customer_id": customer, "purpose": "marketing", "channel": "email", "language": "fa", "evidence": {"form": "x"}}
        given = (await http.call("POST", "/api/v1/consents/grants", json=body)).json()
        path = f"/api/v1/customers/{customer}/consents/{given['entry_id']}/receipt"
        answer = await http.call("GET", path, scopes=["consent:read"])
        assert answer.status == 200, answer.body
        signed = answer.json()
        jwks = await http.call("GET", "/.well-known/ecrm-permit-keys.json", scopes=None)
        for other in (f"/api/v1/customers/{new_text_id()}/consents/{given['entry_id']}/receipt", path.replace(given["entry_id"], new_text_id())):
            missing = await http.call("GET", other)
            assert (missing.status, missing.json()["code"]) == (404, "consent.unknown_entry")
    receipt = signed["receipt"]
    assert receipt["schema_version"] == "ISO/IEC TS 27560:2023"
    assert (receipt["pii_principal_id"], receipt["event"]["type"], receipt["language"]) == (customer, "consent-given", "fa")
    assert "می‌توانید" in receipt["processing"][0]["notice"]
    (tmp_path / "keys.json").write_bytes(jwks.body)
    runner, file = CliRunner(), tmp_path / "receipt.json"

    def check(content: Any, *more: str) -> int:
        file.write_bytes(msgspec.json.encode(content))
        return runner.invoke(audit, ["verify-receipt", str(file), *more]).exit_code

    assert check(signed, "--trusted", str(tmp_path / "keys.json")) == check(signed) == 0
    assert check({**signed, "receipt": {**receipt, "issued_at": "2001-01-01T00:00:00+00:00"}}) == 1
    assert check({**signed, "receipt": {**receipt, "more": 1}}) == 1
    assert check({"receipt": receipt}) == 1
    forger = Signer(b"forger")
    from services.consent.domain import receipts

    assert check(receipts.sign(receipt, forger), "--trusted", str(tmp_path / "keys.json")) == 1


async def test_merges_are_told_apart_by_the_ledger(cluster: PrivateCluster) -> None:
    """The facts of merging write lines, too."""
    async with stage(cluster, read=True) as play:
        one, other = new_text_id(), new_text_id()
        service = play.platform["consent"].service
        for fact in (
            CustomersMerged(merge_id="m", survivor_id=one, merged_id=other, reason="", identities=[], merged_at=service.clock.now()),
            CustomersUnmerged(merge_id="m", survivor_id=one, restored_id=other, reason="", identities=[], unmerged_at=service.clock.now()),
        ):
            async with service.transaction() as tx:
                tx.tell(fact)
            await play.platform.drain()
        answer = await play.platform["consent"].call("GET", f"/api/v1/customers/{other}/consent")
        assert [line["state"] for line in answer.json()["data"]] == ["unmerged", "merged"]
