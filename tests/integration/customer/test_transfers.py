"""Lists of customers in and out over HTTP: mapping, dry run, refused rows, running twice, going on after a crash, undoing, all formats."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from launcher.embedded_postgres import PrivateCluster
from services.customer import commands
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PEOPLE = (
    "user_id,email,Phone,First Name,last_name,address.city,plan\r\n"
    "u1,ada@example.com,+447911123456,Ada,Lovelace,London,gold\r\n"
    "u2,,,Alan,Turing,Manchester,free\r\n"
    ",grace@example.com,,Grace,Hopper,,\r\n"
    "u1,no address,,,,,\r\n"
    "null,,,Nobody,,,\r\n"
    "u5,too@example.com,+44,a,b,c,d,e\r\n"
)


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200, **given: Any) -> Any:
    answer = await platform["customer"].call(method, f"/api/v1{path}", json=body, **given)
    assert answer.status == status, answer.body
    return answer.json() if answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json")) else answer.body


async def ended(platform: TestPlatform, path: str) -> dict[str, Any]:
    """What was asked for, when it is no longer waiting or running."""
    async with asyncio.timeout(30):
        while (found := await ask(platform, "GET", path))["state"] in {"queued", "running", "undoing"}:
            await asyncio.sleep(0.05)
    return dict(found)


async def send(platform: TestPlatform, content: bytes, *, type: str = "text/csv", name: str = "people", dry_run: bool = False) -> dict[str, Any]:
    """Import a small file and wait for its end."""
    path = f"/imports/file?name={name}&dry_run={str(dry_run).lower()}"
    answer = await platform["customer"].call("POST", f"/api/v1{path}", body=content, headers={"content-type": type})
    assert answer.status == 202, answer.body
    return await ended(platform, f"/imports/{answer.json()['id']}")


def counts(found: dict[str, Any]) -> tuple[str, int, int, int, int]:
    return found["state"], found["created"], found["updated"], found["unchanged"], found["refused"]


async def everybody(platform: TestPlatform) -> list[dict[str, Any]]:
    return list((await ask(platform, "GET", "/customers?limit=500"))["data"])


async def test_a_list_is_imported_once_and_its_bad_rows_are_named(cluster: PrivateCluster) -> None:
    """U6: import with dedupe, dry run and error file; what was imported is found with its provenance."""
    async with started(cluster, "customer") as platform:
        rehearsed = await send(platform, PEOPLE.encode(), dry_run=True)
        assert counts(rehearsed) == ("done", 3, 0, 0, 3)
        assert await everybody(platform) == []
        done = await send(platform, PEOPLE.encode())
        assert counts(done) == ("done", 3, 0, 0, 3)
        assert done["progress"] == 1.0
        (ada,) = (await ask(platform, "GET", "/customers?identity=user:u1"))["data"]
        assert ada["traits"] == {
            "address": {"city": "London"}, "email": "ada@example.com", "family_name": "Lovelace", "given_name": "Ada", "phone": "+447911123456",
            "plan": "gold",
        }
        full = await ask(platform, "GET", f"/customers/{ada['id']}")
        assert full["provenance"]["plan"]["source"] == "import:people"
        assert full["provenance"]["plan"]["event_id"] == f"import:{done['id']}:2"
        assert full["identities"] == sorted(["email:ada@example.com", "phone:+447911123456", "user:u1"], key=full["identities"].index)
        errors = (await ask(platform, "GET", f"/imports/{done['id']}/errors"))["data"]
        assert [(error["line"], error["code"]) for error in errors] == [(5, "bad_email"), (6, "bad_user_id"), (7, "too_many_fields")]
        file = await ask(platform, "GET", f"/imports/{done['id']}/errors", headers={"accept": "text/csv"})
        assert file.decode().splitlines()[0] == "line,code,reason"
        assert len(file.decode().splitlines()) == 4
        before = await everybody(platform)
        assert counts(await send(platform, PEOPLE.encode())) == ("done", 0, 0, 3, 3)
        assert await everybody(platform) == before


async def test_rows_without_any_identity_are_the_same_people_the_second_time(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        rows = b"name,city\r\nSara,Shiraz\r\nSara,Tabriz\r\n"
        assert counts(await send(platform, rows))[1] == 2
        assert counts(await send(platform, rows)) == ("done", 0, 0, 2, 0)
        assert len(await everybody(platform)) == 2


async def test_json_lines_and_parquet_say_the_same(cluster: PrivateCluster, tmp_path: Path) -> None:
    async with started(cluster, "customer") as platform:
        rows = [{"user_id": f"u{number}", "plan": "gold", "visits": number, "tags": ["a", "b"]} for number in range(5)]
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows) + b"{broken\n"
        assert counts(await send(platform, lines, type="application/x-ndjson")) == ("done", 5, 0, 0, 1)
        path = tmp_path / "people.parquet"
        parquet.write_table(pa.Table.from_pylist(rows), path)
        assert counts(await send(platform, path.read_bytes(), type="application/vnd.apache.parquet")) == ("done", 0, 0, 5, 0)
        (one,) = (await ask(platform, "GET", "/customers?identity=user:u3"))["data"]
        assert one["traits"] == {"plan": "gold", "visits": 3, "tags": ["a", "b"]}
        broken = await send(platform, b"PAR1 is not enough", type="application/vnd.apache.parquet")
        assert (broken["state"], broken["error"]) == ("failed", "this is no Parquet file")


async def test_pieces_are_put_together_and_a_mapping_is_obeyed(cluster: PrivateCluster) -> None:
    """D11: a bought list comes with supplier, licence, price and what is said of consent."""
    async with started(cluster, "customer") as platform:
        await ask(platform, "PUT", "/traits/age", {"schema": {"type": "integer"}}, status=201)
        declared = await ask(platform, "POST", "/imports", {
            "name": "bought 2026", "format": "csv", "mapping": {"delimiter": ";", "columns": {"user_id": "No", "email": "Mail"}, "ignore": ["junk"]},
            "origin": {"supplier": "Lists Ltd", "licence": "one year", "price": {"amount": 12000, "currency": "EUR"}, "consent": "none"},
        }, status=201)
        path = f"/imports/{declared['id']}"
        content = "No;Mail;junk;age\n" + "".join(f"{number};p{number}@example.org;x;{20 + number}\n" for number in range(1, 3001)) + "x;y@example.org;;old\n"
        pieces = [content.encode()[begin : begin + 20_000] for begin in range(0, len(content), 20_000)]
        for number, piece in reversed(list(enumerate(pieces, 1))):
            answer = await platform["customer"].call("PUT", f"/api/v1{path}/parts/{number}", body=piece)
            assert answer.status == 204
        incomplete = await ask(platform, "POST", f"{path}/start", {"parts": len(pieces) + 1}, status=409)
        assert incomplete["code"] == "import.incomplete"
        await ask(platform, "POST", f"{path}/start", {"parts": len(pieces)}, status=202)
        done = await ended(platform, path)
        assert counts(done) == ("done", 3000, 0, 0, 1)
        assert (done["origin"]["supplier"], done["origin"]["price"], done["origin"]["consent"]) == ("Lists Ltd", {"amount": 12000, "currency": "EUR"}, "none")
        (one,) = (await ask(platform, "GET", "/customers?identity=user:17"))["data"]
        assert one["traits"] == {"email": "p17@example.org", "age": 37}
        again = await platform["customer"].call("PUT", f"/api/v1{path}/parts/1", body=b"late")
        assert (again.status, again.json()["code"]) == (409, "import.wrong_state")


async def test_an_import_goes_on_where_it_was_cut_off(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", run="cut") as platform:
        declared = await ask(platform, "POST", "/imports", {"name": "cut", "format": "csv"}, status=201)
        path = f"/imports/{declared['id']}"
        content = "user_id,n\n" + "".join(f"u{number},{number}\n" for number in range(12_000))
        for number, begin in enumerate(range(0, len(content), 50_000), 1):
            await platform["customer"].call("PUT", f"/api/v1{path}/parts/{number}", body=content.encode()[begin : begin + 50_000])
        await ask(platform, "POST", f"{path}/start", {"parts": number}, status=202)
        async with asyncio.timeout(30):
            while not (found := await ask(platform, "GET", path))["done"] > 0:
                await asyncio.sleep(0.01)
        assert found["state"] == "running"
    async with started(cluster, "customer", run="cut") as platform:
        done = await ended(platform, path)
        assert counts(done) == ("done", 12_000, 0, 0, 0)
        assert await platform["customer"].service.database.fetch_value("SELECT count(*) FROM customer") == 12_000
        assert await platform["customer"].service.database.fetch_value("SELECT count(*) FROM import_part") == 0


async def test_an_import_is_taken_back_without_what_came_from_elsewhere(cluster: PrivateCluster) -> None:
    """U6: undo by batch."""
    async with started(cluster, "customer") as platform:
        old = await ask(platform, "POST", "/customers", {"identities": ["user:u1"], "traits": {"plan": "silver", "pet": "cat"}}, status=201)
        two = await ask(platform, "POST", "/customers", {"identities": ["email:same@example.com"], "traits": {"note": "kept"}}, status=201)
        before = {row["id"]: row["traits"] for row in await everybody(platform)}
        identities = {each: (await ask(platform, "GET", f"/customers/{each}/identities"))["data"] for each in (old["id"], two["id"])}
        rows = b"user_id,email,plan,city\nu1,,gold,York\nu9,nine@example.com,gold,Leeds\nu10,ten@example.com,free,Bath\nu1,same@example.com,,\n"
        done = await send(platform, rows)
        assert done["created"] == 2
        merged = await ask(platform, "GET", f"/customers/{two['id']}")
        assert merged["traits"]["plan"] == "gold"
        # Meanwhile somebody tells more of one that the import made.
        (ten,) = (await ask(platform, "GET", "/customers?identity=user:u10"))["data"]
        await ask(platform, "PATCH", f"/customers/{ten['id']}", {"traits": {"plan": "platinum"}})
        await ask(platform, "POST", f"/imports/{done['id']}/undo", status=202)
        undone = await ended(platform, f"/imports/{done['id']}")
        assert undone["state"] == "undone"
        after = {row["id"]: row["traits"] for row in await everybody(platform)}
        assert after == {**before, ten["id"]: {"plan": "platinum", "email": "ten@example.com"}}
        assert {each: (await ask(platform, "GET", f"/customers/{each}/identities"))["data"] for each in (old["id"], two["id"])} == identities
        assert (await ask(platform, "GET", "/customers?identity=user:u9"))["data"] == []
        history = (await ask(platform, "GET", f"/customers/{old['id']}/history?trait=city"))["data"]
        assert [(row["value"], row["removed"], row["authority"]) for row in history] == [(None, True, "taken_back"), ("York", False, "server")]
        again = await ask(platform, "POST", f"/imports/{done['id']}/undo", status=409)
        assert again["code"] == "import.wrong_state"
        assert (await ask(platform, "GET", "/customers?identity=user:u10"))["data"][0]["id"] == ten["id"]
        assert counts(await send(platform, rows))[1] == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
async def test_what_goes_out_comes_back_the_same(cluster: PrivateCluster, form: str, tmp_path: Path) -> None:
    """U6: bulk export; every format can be imported elsewhere and says the same."""
    people: list[dict[str, Any]] = [
        {"identities": ["user:u1", "ext:crm:7"], "traits": {"name": "=cmd|'/c calc'!A1", "email": "ada@example.com", "plan": "gold"}},
        {"identities": ["user:u2"], "traits": {"name": "علی‌رضا كاظمي", "phone": "+989123456789", "note": 'two\nlines, "quoted"'}},
        {"identities": ["anon:a3"], "traits": {"plan": "-1"}},
    ]
    async with started(cluster, "customer") as platform:
        for person in people:
            await ask(platform, "POST", "/customers", person, status=201)
        wanted = [row["traits"] for row in await everybody(platform)]
        asked = await ask(platform, "POST", "/exports", {"format": form}, status=202)
        done = await ended(platform, f"/exports/{asked['id']}")
        assert (done["state"], done["done"], done["progress"]) == ("done", 3, 1.0)
        content = await ask(platform, "GET", f"/exports/{asked['id']}/content")
        if form == "csv":
            cells = [cell for row in csv.reader(io.StringIO(content.decode())) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        if form == "jsonl":
            content = b"".join(line + b"\n" for line in content.splitlines())
    types = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
    async with started(cluster, "customer") as platform:
        done = await send(platform, content, type=types[form])
        assert counts(done)[:2] == ("done", 3), await ask(platform, "GET", f"/imports/{done['id']}/errors")
        assert [row["traits"] for row in await everybody(platform)] == wanted
        for person in people:
            for identity in person["identities"]:
                assert len((await ask(platform, "GET", f"/customers?identity={identity}"))["data"]) == 1, identity


async def test_an_export_is_narrowed_and_taken_away(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        for number in range(30):
            await ask(platform, "POST", "/customers", {"identities": [f"user:u{number}"], "traits": {"plan": "gold" if number % 3 == 0 else "free"}}, status=201)
        asked = await ask(platform, "POST", "/exports", {"format": "jsonl", "fields": ["user_id", "plan"], "filter": {"traits": {"plan": "gold"}}}, status=202)
        await ended(platform, f"/exports/{asked['id']}")
        rows = [json.loads(line) for line in (await ask(platform, "GET", f"/exports/{asked['id']}/content")).splitlines()]
        assert rows == [{"user_id": f"u{number}", "plan": "gold"} for number in range(0, 30, 3)]
        await ask(platform, "DELETE", f"/exports/{asked['id']}", status=204)
        assert (await ask(platform, "GET", f"/exports/{asked['id']}", status=404))["code"] == "export.unknown"


async def test_sensitive_traits_leave_only_with_the_right_to_see_them(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        await ask(platform, "PUT", "/traits/illness", {"schema": {"type": "string"}, "classification": "sensitive"}, status=201)
        await ask(platform, "POST", "/customers", {"identities": ["user:u1"], "traits": {"illness": "flu"}}, status=201)
        for scopes, seen in ((["customers:read"], False), (["customers:read", "customers:sensitive"], True)):
            asked = await ask(platform, "POST", "/exports", {"format": "jsonl"}, status=202, scopes=scopes)
            await ended(platform, f"/exports/{asked['id']}")
            content = await ask(platform, "GET", f"/exports/{asked['id']}/content", scopes=scopes)
            assert (b"flu" in content) is seen
        denied = await ask(platform, "GET", f"/exports/{asked['id']}/content", status=403, scopes=["customers:read"])
        assert denied["code"] == "export.hidden"


async def test_bad_requests_are_told_what_to_do(cluster: PrivateCluster) -> None:
    nobody = "018f0000-0000-7000-8000-000000000000"
    async with started(cluster, "customer", read=False) as platform:
        declared = await ask(platform, "POST", "/imports", {"name": "x"}, status=201)
        path = f"/imports/{declared['id']}"
        for method, where, body, content, type_, status, code in (
            ("POST", "/imports", {"name": "a/b"}, None, None, 422, None),
            ("POST", "/imports", {"name": "x", "mapping": {"encoding": "klingon"}}, None, None, 422, None),
            ("POST", "/imports", {"name": "x", "mapping": {"header": False}}, None, None, 422, "import.bad_mapping"),
            ("POST", "/imports", {"name": "x", "format": "csv", "mapping": {"format": "jsonl"}}, None, None, 422, "import.bad_mapping"),
            ("POST", "/imports/file?name=x", None, b"a,b", "text/html", 422, "import.bad_type"),
            ("POST", "/imports/file?name=x", None, b"", "text/csv", 422, "import.empty"),
            ("PUT", f"{path}/parts/0", None, b"x", None, 422, "import.bad_part"),
            ("PUT", f"{path}/parts/1", None, b"x" * (4 * 1024 * 1024 + 1), None, 422, "import.part_too_large"),
            ("PUT", f"/imports/{nobody}/parts/1", None, b"x", None, 404, "import.unknown"),
            ("POST", f"{path}/start", {"parts": 1}, None, None, 409, "import.incomplete"),
            ("POST", f"{path}/undo", None, None, None, 409, "import.wrong_state"),
            ("GET", f"/imports/{nobody}", None, None, None, 404, "import.unknown"),
            ("POST", "/exports", {"format": "xlsx"}, None, None, 422, None),
            ("GET", f"/exports/{nobody}/content", None, None, None, 404, "export.unknown"),
        ):
            answer = await platform["customer"].call(method, f"/api/v1{where}", json=body, body=content or b"", headers={"content-type": type_} if type_ else None)
            assert answer.status == status, (where, answer.body)
            if code:
                assert answer.json()["code"] == code, where
        cancelled = await ask(platform, "POST", f"{path}/cancel")
        assert cancelled["state"] == "cancelled"


async def test_a_list_with_a_column_that_is_not_there_fails_with_the_columns_it_has(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        declared = await ask(platform, "POST", "/imports", {"name": "x", "mapping": {"columns": {"email": "Mail"}}}, status=201)
        path = f"/imports/{declared['id']}"
        await platform["customer"].call("PUT", f"/api/v1{path}/parts/1", body=b"E-Post;Name\na@b.c;A\n")
        await ask(platform, "POST", f"{path}/start", {"parts": 1}, status=202)
        found = await ended(platform, path)
        assert found["state"] == "failed"
        assert "no column Mail" in found["error"]
        assert await commands.work_on_imports(platform["customer"].service) is False
