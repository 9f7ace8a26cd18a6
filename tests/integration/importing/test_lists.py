"""`ecrm import customers` and `ecrm export customers` against a real gateway and customer service: refused rows, dry run, undoing, Ctrl-C."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer import Typer
from typer.testing import CliRunner

from gateway import commands
from launcher import exporting, importing, process
from launcher.embedded_postgres import PrivateCluster
from launcher.importing import sending
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


class Terminal:
    """Commands as typed, with the address and the administrator's key."""

    def __init__(self, platform: TestPlatform, url: str, key: str) -> None:
        self.platform = platform
        self.where = ["--url", url, "--key", key]

    async def type(self, app: Typer, *arguments: object) -> tuple[int, str]:
        """(exit code, what was printed)."""
        line = [str(argument) for argument in arguments] + self.where
        result = await asyncio.to_thread(lambda: CliRunner().invoke(app, line, env={"COLUMNS": "200"}))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    async def get(self, path: str) -> Any:
        return (await self.platform["customer"].call("GET", f"/api/v1{path}")).json()


@asynccontextmanager
async def terminal(cluster: PrivateCluster, *, read: bool = True) -> AsyncIterator[Terminal]:
    async with started(cluster, "gateway", "customer", read=read) as platform:
        gateway = platform["gateway"].service
        key = (await commands.create_key(gateway, name="admin", scopes=["admin"], actor="test")).text
        listener = process.listen("127.0.0.1", 0)
        async with process.serving(platform["gateway"].running.app, listener):
            yield Terminal(platform, f"http://127.0.0.1:{listener.getsockname()[1]}", key)


async def test_a_list_is_brought_in_shown_and_taken_back(cluster: PrivateCluster, tmp_path: Path) -> None:
    """U6: import of a file with refused rows, and undoing it."""
    path = tmp_path / "bought (2026).csv"
    path.write_text("No;Mail;Junk;plan\n1;ada@example.com;x;gold\n2;no address;x;gold\n3;;x;free\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('delimiter = ";"\nignore = ["Junk"]\n[columns]\nuser_id = "No"\nemail = "Mail"\n')
    async with terminal(cluster) as at:
        code, said = await at.type(
            importing.app, "customers", path, "--mapping", mapping, "--supplier", "Lists Ltd", "--licence", "one year", "--consent", "none"
        )
        assert code == 3, said
        with path.with_name(path.name + ".errors.csv").open(newline="") as file:
            assert [(row["line"], row["code"]) for row in csv.DictReader(file)] == [("3", "bad_email")]
        (done,) = (await at.get("/imports"))["data"]
        assert (done["name"], done["state"], done["created"], done["refused"]) == ("bought -2026", "done", 2, 1)
        assert done["origin"] == {"supplier": "Lists Ltd", "licence": "one year", "consent": "none"}
        assert f"import undo {done['id']}" in said
        (ada,) = (await at.get("/customers?identity=email:ada@example.com"))["data"]
        assert ada["traits"] == {"email": "ada@example.com", "plan": "gold"}

        path.write_text("No;Mail;Junk;plan\n1;ada@example.com;x;gold\n3;;x;free\n")
        code, said = await at.type(importing.app, "customers", path, "--mapping", mapping)
        assert (code, path.with_name(path.name + ".errors.csv").exists()) == (0, False), said
        assert re.search(r"unchanged +│ +2", said)
        code, said = await at.type(importing.app, "list")
        assert code == 0
        assert said.count("bought -2026") == 2
        code, said = await at.type(importing.app, "show", done["id"], "--follow")
        assert code == 0
        assert re.search(r"created +│ +2", said)
        code, said = await at.type(importing.app, "undo", done["id"])
        assert (code, (await at.get(f"/imports/{done['id']}"))["state"]) == (0, "undone"), said
        assert (await at.get("/customers"))["data"] == []
        code, said = await at.type(importing.app, "undo", done["id"])
        assert code == 2
        assert "import.wrong_state" in said


async def test_a_dry_run_keeps_nothing_and_a_large_file_goes_in_pieces(
    cluster: PrivateCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PIECE_BYTES", 10_000)
    rows = [{"user_id": f"u{number}", "plan": "gold", "visits": number} for number in range(3000)]
    path = tmp_path / "people.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    async with terminal(cluster) as at:
        for options, created in ((["--dry-run"], 0), ([], 3000)):
            code, said = await at.type(importing.app, "customers", path, "--name", "shop", *options)
            assert code == 0, said
            assert re.search(r"created +│ +3,000", said)
            assert await at.platform["customer"].service.database.fetch_value("SELECT count(*) FROM customer") == created
        (one,) = (await at.get("/customers?identity=user:u17"))["data"]
        assert one["traits"] == {"plan": "gold", "visits": 17}


async def test_what_cannot_be_imported_is_told(cluster: PrivateCluster, tmp_path: Path) -> None:
    path, empty, mapping = tmp_path / "people.csv", tmp_path / "empty.csv", tmp_path / "mapping.json"
    path.write_text("user_id,plan\n1,gold\n")
    empty.touch()
    mapping.write_text('{"columns": {"user_id": "Kunde"}}')
    async with terminal(cluster) as at:
        for arguments, wanted, words in (
            ([path, "--mapping", mapping], 1, "no column Kunde"), ([path, "--name", "a/b"], 2, "name"), ([empty], 2, "empty"),
            ([tmp_path / "absent.csv"], 2, ""),
        ):
            code, said = await at.type(importing.app, "customers", *arguments)
            assert code == wanted, said
            assert words in said
        code, said = await at.type(importing.app, "show", "018f0000-0000-7000-8000-000000000000")
        assert (code, "import.unknown" in said) == (2, True)
        at.where[3] = "ecrm_ak_of_nobody"
        code, said = await at.type(importing.app, "customers", path)
        assert (code, "key" in said) == (1, True)
        at.where[1] = "http://127.0.0.1:9"
        code, said = await at.type(importing.app, "customers", path)
        assert (code, "ecrm up" in said) == (1, True)


async def test_a_damaged_file_fails_once_and_what_it_brought_can_be_taken_back(cluster: PrivateCluster, tmp_path: Path) -> None:
    path, good = tmp_path / "people.parquet", tmp_path / "good.csv"
    rows = pa.table({"user_id": [f"u{number}" for number in range(4000)]})
    parquet.write_table(rows, path, row_group_size=2000, use_dictionary=False)
    offset = parquet.read_metadata(path).row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[offset + 60 : offset + 400] = b"\xff" * 340
    path.write_bytes(content)
    good.write_text("user_id\n1\n")
    async with terminal(cluster) as at:
        code, said = await at.type(importing.app, "customers", path)
        assert code == 1, said
        assert "damaged behind row 2,000" in said
        (failed,) = (await at.get("/imports"))["data"]
        assert (await at.type(importing.app, "customers", good))[0] == 0
        code, said = await at.type(importing.app, "undo", failed["id"])
        assert code == 0, said
        assert [row["traits"] for row in (await at.get("/customers"))["data"]] == [{}]


async def test_ctrl_c_leaves_the_import_to_the_platform_and_says_so(cluster: PrivateCluster, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("user_id,plan\n1,gold\n")
    async with terminal(cluster, read=False) as at:  # nobody works on it, so it waits
        ecrm = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", "import", "customers", str(path), *at.where, stdout=asyncio.subprocess.PIPE,
            # Whoever runs the tests in the background has told them to ignore it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        async with asyncio.timeout(30):
            while not (listed := (await at.get("/imports"))["data"]) or listed[0]["state"] != "queued":
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            ecrm.send_signal(signal.SIGINT)
            said, _ = await ecrm.communicate()
        assert ecrm.returncode == 130
        text = said.decode()
        assert "goes on without this command" in text
        assert f"import show --follow {listed[0]['id']}" in text
        assert (await at.get(f"/imports/{listed[0]['id']}"))["state"] == "queued"
        code, _ = await at.type(importing.app, "cancel", listed[0]["id"])
        assert (code, (await at.get(f"/imports/{listed[0]['id']}"))["state"]) == (0, "cancelled")


async def test_customers_leave_as_files(cluster: PrivateCluster, tmp_path: Path) -> None:
    """U6: bulk export, narrowed; a file that is there is not overwritten."""
    async with terminal(cluster) as at:
        for number in range(30):
            body = {"identities": [f"user:u{number}"], "traits": {"plan": "gold" if number % 3 == 0 else "free", "level": number % 2}}
            assert (await at.platform["customer"].call("POST", "/api/v1/customers", json=body)).status == 201
        path = tmp_path / "gold.jsonl"
        options = ["--trait", "plan=gold", "--trait", "level=1", "--fields", "user_id,plan", "--type", "person"]
        code, said = await at.type(exporting.app, "customers", path, *options)
        assert code == 0, said
        wanted = [{"user_id": f"u{number}", "plan": "gold"} for number in range(3, 30, 6)]
        assert [json.loads(line) for line in path.read_text().splitlines()] == wanted
        code, said = await at.type(exporting.app, "customers", path)
        assert (code, "--force" in said) == (2, True)
        code, said = await at.type(exporting.app, "customers", path, "--force")
        assert (code, len(path.read_text().splitlines())) == (0, 30)
        for name in ("all.csv", "all.parquet"):
            assert (await at.type(exporting.app, "customers", tmp_path / name))[0] == 0
            code, said = await at.type(importing.app, "customers", tmp_path / name)
            assert re.search(r"unchanged +│ +30", said), said
        assert parquet.read_table(tmp_path / "all.parquet").num_rows == 30
        assert (await at.type(exporting.app, "customers", tmp_path / "all.xlsx"))[0] == 2
        assert (await at.type(exporting.app, "customers", tmp_path / "x.csv", "--trait", "plan"))[0] == 2
        assert sorted(found.name for found in tmp_path.iterdir()) == ["all.csv", "all.parquet", "gold.jsonl"]
