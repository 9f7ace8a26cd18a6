"""Calls to addresses that somebody else wrote down: never into the house, and provably from us."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web

from chassis import calling_out, sealing

LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.1.", "127.000.000.001", "127.127.127.127",
    "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]",
    "[fc00::1]", "[fd00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "[::1%25lo]",
]
PRIVATE = [
    "10.0.0.1", "10.255.255.255", "0xa.0.0.1", "167772161", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1", "3232235777", "0xc0a80101",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "100.64.0.1", "100.100.100.200",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
]
FORMS = [
    "http://93.184.216.34/", "https://93.184.216.34:22/", "https://93.184.216.34:25/", "ftp://93.184.216.34/", "file:///etc/passwd", "gopher://93.184.216.34/",
    "https://user@93.184.216.34/", "https://user:pass@93.184.216.34/", "https://93.184.216.34@127.0.0.1/", "https:///x", "https://", "//93.184.216.34/", "93.184.216.34",
    "https://93.184.216.34/#x", "https://93.184.216.34\\@127.0.0.1/", "https://93.184.216.34/\r\nHost: x", "https://93.184.216.34:99999/", "javascript:alert(1)",
    "https://a b/", "https://" + "a" * 2100, "",
]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everything that anybody tried to connect to."""
    tried: list[Any] = []

    async def nowhere(self: asyncio.BaseEventLoop, sock: socket.socket, address: Any) -> None:
        tried.append(address)
        raise OSError("tests connect nowhere")

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", nowhere)
    return tried


@pytest.mark.parametrize("url", [*(f"https://{host}/hook" for host in (*LOOPBACK, *PRIVATE)), *FORMS])
def test_no_spelling_leads_into_the_house(url: str, connections: list[Any]) -> None:
    async def call() -> None:
        async with calling_out.Outside() as outside:
            await outside.post(url, body=b"{}", headers={})

    with pytest.raises((calling_out.NotAllowed, calling_out.NoAnswer)) as refusal:
        asyncio.run(call())
    assert str(getattr(refusal.value, "reason", "not allowed")) in {"not allowed", "resolve"}
    assert connections == []


def test_there_are_at_least_eighty_spellings() -> None:
    assert len({*LOOPBACK, *PRIVATE, *FORMS}) >= 80


def test_one_private_address_among_public_ones_is_enough(connections: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(self: object, host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", two)

    async def call() -> None:
        async with calling_out.Outside() as outside:
            await outside.post("https://rebinding.example/", body=b"", headers={})

    with pytest.raises(calling_out.NotAllowed):
        asyncio.run(call())
    assert connections == []


def test_what_is_connected_to_is_what_was_checked(connections: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def rebinding(self: object, host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        address = "93.184.216.34" if asked.count(host) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", rebinding)

    async def call() -> None:
        async with calling_out.Outside() as outside:
            await outside.post("https://rebinding.example/", body=b"", headers={})

    with pytest.raises(calling_out.NoAnswer):
        asyncio.run(call())
    assert asked.count("rebinding.example") == 1
    assert {address[0] for address in connections} == {"93.184.216.34"}


def test_an_allowed_network_is_called_once_without_following() -> None:
    seen: list[tuple[str, bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.path, await request.read(), request.headers["webhook-id"]))
        if request.path == "/moved":
            raise web.HTTPFound("/elsewhere")
        return web.Response(body=b"x" * 100_000)

    async def act() -> None:
        app = web.Application()
        app.router.add_post("/{tail:.*}", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            async with calling_out.Outside(private_networks="127.0.0.0/8") as outside:
                headers = calling_out.signed([calling_out.new_secret()], message_id="m1", at=1, body=b"{}")
                reply = await outside.post(f"http://127.0.0.1:{port}/hook", body=b"{}", headers=headers)
                assert (reply.status, len(reply.body)) == (200, calling_out.ANSWER_BYTES)
                assert (await outside.post(f"http://localhost:{port}/moved", body=b"{}", headers=headers)).status == 302
                with pytest.raises(calling_out.NotAllowed):
                    await outside.post(f"http://10.0.0.1:{port}/hook", body=b"{}", headers=headers)
        finally:
            await runner.cleanup()
        with pytest.raises(calling_out.NoAnswer, match="refused"):
            async with calling_out.Outside(private_networks="127.0.0.0/8") as outside:
                await outside.post(f"http://127.0.0.1:{port}/hook", body=b"{}", headers={})

    asyncio.run(act())
    assert [path for path, _, _ in seen] == ["/hook", "/moved"]


def test_signatures_are_those_of_standard_webhooks() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = calling_out.signed([secret], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    other = calling_out.new_secret()
    both = calling_out.signed([other, secret], message_id="m", at=100, body=body)
    assert all(calling_out.proves(both, [one], now=100, body=body) for one in (other, secret))
    assert not calling_out.proves(both, [calling_out.new_secret()], now=100, body=body)
    assert not calling_out.proves(both, [secret], now=401, body=body)
    assert not calling_out.proves(both, [secret], now=100, body=body + b" ")
    assert not calling_out.proves({**both, "webhook-id": "n"}, [secret], now=100, body=body)
    assert not calling_out.proves({}, [secret], now=100, body=body)
    with pytest.raises(ValueError, match="whsec_"):
        calling_out.signed(["whsec_?"], message_id="m", at=1, body=b"")


def test_what_is_sealed_opens_for_its_purpose_only() -> None:
    sealed = sealing.seal(b"k" * 32, b"secret", purpose="webhook")
    assert b"secret" not in sealed
    assert sealing.unseal(b"k" * 32, sealed, purpose="webhook") == b"secret"
    for key, text, purpose in ((b"l" * 32, sealed, "webhook"), (b"k" * 32, sealed, "answer"), (b"k" * 32, sealed[:-1], "webhook"), (b"k" * 32, b"", "webhook")):
        with pytest.raises(ValueError, match="cannot be opened"):
            sealing.unseal(key, text, purpose=purpose)
