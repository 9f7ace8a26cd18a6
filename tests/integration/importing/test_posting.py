"""`ecrm import` against an endpoint that fails in the ways the protocol allows; every row arrives, once answered."""

from __future__ import annotations

import asyncio
import base64
import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from launcher import importing


class Endpoint:
    """Answers as told: a number is a status, "drop" cuts the connection, "ok" takes the batch but for what is called bad; poison spoils its whole batch."""

    def __init__(self, script: list[Any]) -> None:
        self._script = script
        self.taken: list[dict[str, Any]] = []
        self.requests = 0
        self.keys: set[str] = set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        step = self._script.pop(0) if self._script else "ok"
        body = await request.json()
        self.keys.add(base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode())
        if step == "drop":
            assert request.transport is not None
            request.transport.close()
            return web.Response(status=500)
        if any(message.get("userId") == "poison" for message in body["batch"]):
            return web.json_response({"success": False, "code": "invalid_json", "message": "no"}, status=400)
        if isinstance(step, int):
            return web.json_response({"success": False, "code": "later", "message": "no"}, status=step, headers={"Retry-After": "0"})
        rejected = [
            {"index": index, "code": "card_number", "detail": "a card number"}
            for index, message in enumerate(body["batch"])
            if message.get("properties", {}).get("plan") == "bad"
        ]
        refused = {fault["index"] for fault in rejected}
        self.taken += [message for index, message in enumerate(body["batch"]) if index not in refused]
        return web.json_response({"success": True, "accepted": len(body["batch"]) - len(rejected), "rejected": rejected})


@contextmanager
def serving(*script: Any) -> Iterator[Endpoint]:
    """An endpoint on the loopback, in a thread with an event loop of its own."""
    endpoint, loop, started = Endpoint(list(script)), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def run() -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/v1/batch", endpoint.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert started.wait(10)
        yield endpoint
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def run(kind: str, path: Path, endpoint: Endpoint, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(importing.app, [kind, str(path), "--url", endpoint.url, "--key", "a-source-key", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    path.write_text("user_id,event,plan\n" + "".join(f"c{number},Visit,gold\n" for number in range(1200)))
    return path


def test_all_rows_arrive_and_again_with_the_same_ids(visits: Path) -> None:
    with serving() as endpoint:
        assert run("events", visits, endpoint)[0] == 0
        first = [message["messageId"] for message in endpoint.taken]
        assert run("events", visits, endpoint)[0] == 0
        again = [message["messageId"] for message in endpoint.taken[1200:]]
        assert len(set(first)) == 1200
        assert set(again) == set(first)
        assert endpoint.keys == {"a-source-key:"}
        assert endpoint.requests == 6


def test_trouble_is_waited_for(visits: Path) -> None:
    with serving(503, "drop", 429, 500, 502) as endpoint:
        code, _ = run("events", visits, endpoint)
        assert code == 0
        assert {message["userId"] for message in endpoint.taken} == {f"c{number}" for number in range(1200)}


def test_refused_rows_are_listed_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("user_id,event,plan\n1,Visit,gold\n2,Visit,bad\n,Visit,lost\n4,Visit,gold\n")
    with serving() as endpoint:
        code, output = run("events", path, endpoint)
        assert code == 3
        assert [message["userId"] for message in endpoint.taken] == ["1", "4"]
        with (tmp_path / "visits.csv.errors.csv").open(newline="") as file:
            assert [(row["line"], row["code"]) for row in csv.DictReader(file)] == [("4", "missing_identity"), ("3", "card_number")]
        assert "visits.csv.errors.csv" in output
        path.write_text("user_id,event,plan\n1,Visit,gold\n")
        assert run("events", path, endpoint)[0] == 0
        assert not (tmp_path / "visits.csv.errors.csv").exists()


def test_a_batch_that_is_refused_whole_is_halved_down_to_the_culprit(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("user_id,event\n" + "".join(f"c{number},Visit\n" for number in range(40)) + "poison,Visit\n")
    with serving() as endpoint:
        assert run("events", path, endpoint)[0] == 3
        assert len({message["userId"] for message in endpoint.taken}) == 40


def test_an_unknown_key_ends_at_once(visits: Path) -> None:
    with serving(401, 401, 401, 401) as endpoint:
        code, output = run("events", visits, endpoint)
        assert code == 1
        assert "source key" in output
        assert endpoint.taken == []


def test_a_dry_run_sends_nothing(visits: Path) -> None:
    with serving() as endpoint:
        code, output = run("events", visits, endpoint, "--dry-run")
        assert (code, endpoint.requests) == (0, 0)
        assert "1,200" in output


@pytest.mark.parametrize("options", [["--mapping", "MAPPING"], ["--currency", "dollars"]])
def test_wrong_use_is_exit_code_2(tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("customer_id,total\n1,2\n")
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"columns": {"customer_id": "Kunde"}}')
    with serving() as endpoint:
        code, _ = run("orders", path, endpoint, *[option.replace("MAPPING", str(mapping)) for option in options])
        assert (code, endpoint.requests) == (2, 0)


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with serving() as endpoint:
        assert run("orders", tmp_path / "absent.csv", endpoint)[0] == 2
