"""`ecrm backup` and `ecrm restore`: what was there is there again, who was erased since is gone before anything serves, and a restore that may bring people back does not end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e import consents
from tests.support.upright import ROOT, Launched, Upright, free_port, temporary_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def ecrm(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "launcher", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)


def register(up: Upright, name: str) -> str:
    made = up.ask("POST", "/api/v1/customers", {"traits": {"name": name}, "identities": [f"email:{name}@x.example"]}, expect=201)
    return str(made["id"])


def test_a_restored_backup_loses_again_who_was_erased_since() -> None:
    """P6 of the erasure promise, and backup and restore of the one-machine shape."""
    with temporary_folder() as folder:
        data, file, ledger = folder / "data", folder / "backup.tar.gz", folder / "other-disk.jsonl"
        first = Launched(data, free_port(), environment={"ECRM_ERASURE_LEDGER": str(ledger)})
        again = restored = None
        try:
            up = first.ready(seconds=240)
            ann, bob, eve = (register(up, name) for name in ("ann", "bob", "eve"))
            up.collect([{"type": "track", "userId": "u1", "event": "Seen", "messageId": "m1"}])
            customer = up.customer("user:u1")["id"]
            up.timeline(customer, 1)
            consents.erased(up, eve)
            running = ecrm("backup", file, "--data", data)
            assert running.returncode == 1
            assert "Stop `ecrm up` first" in running.stderr
            assert first.stop(seconds=90) == 0
            saved = ecrm("backup", file, "--data", data)
            assert saved.returncode == 0, saved.stderr
            assert file.stat().st_size > 10_000
            assert Path(f"{file}.secrets").stat().st_mode & 0o777 == 0o600
            again = Launched(data, free_port(), environment={"ECRM_ERASURE_LEDGER": str(ledger)})
            up = again.ready(seconds=240)
            consents.erased(up, bob)
            _until_ledger_has(ledger, bob)
            again.stop(signal.SIGKILL)  # the machine is lost

            old = folder / "old.jsonl"
            old.write_text("")
            place = folder / "new"
            refused = ecrm("restore", file, "--data", place, "--ledger", old)
            assert refused.returncode == 1
            assert "older than the backup" in refused.stderr
            unfinished = Launched(place, free_port())
            assert unfinished.process.wait(120) == 1
            assert "restore" in unfinished.said
            assert ecrm("restore", file, "--data", place).returncode == 2  # says nothing of a ledger
            done = ecrm("restore", file, "--data", place, "--ledger", ledger)
            assert done.returncode == 0, done.stderr
            assert "1 people were erased again" in done.stderr
            assert ecrm("restore", file, "--data", place, "--ledger", ledger).returncode == 1  # not over what is there

            restored = Launched(place, free_port())
            up = restored.ready(seconds=240)
            keys = json.loads((data / "keys.json").read_text())
            assert up.admin_key == keys["admin_key"]
            assert up.ask("GET", f"/api/v1/customers/{ann}")["traits"]["name"] == "ann"
            assert up.customer("user:u1")["id"] == customer
            assert len(up.timeline(customer, 1)) == 1
            for gone in (bob, eve):
                assert up.ask("GET", f"/api/v1/customers/{gone}", expect=None).status_code in {404, 410}
            up.collect([{"type": "track", "userId": "u2", "event": "Later", "messageId": "m2"}])
            assert up.customer("user:u2")["id"] != customer
            assert restored.stop(seconds=90) == 0
        finally:
            for each in (first, again, restored):
                if each is not None:
                    each.stop(signal.SIGKILL)


def _until_ledger_has(ledger: Path, customer: str) -> None:
    deadline = time.monotonic() + 60
    while customer not in ledger.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.2)
