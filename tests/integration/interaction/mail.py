"""Mails as they come over the wire, an SMTP client that speaks line by line, and a platform whose SMTP door is open."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiosmtplib

from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

DOMAIN = "in.peyvand.example"
KNOBS = {"mail_address": "127.0.0.1:0", "mail_domains": "shop.example", "mail_addresses": "desk@other.example", "mail_timeout": 5}
BOMB = gzip.compress(b"\x00" * 5_000_000)


@asynccontextmanager
async def mail_platform(cluster: PrivateCluster, *names: str, read: bool = True, **knobs: Any) -> AsyncIterator[TestPlatform]:
    """The interaction service with its SMTP door on a free port, and others."""
    async with started(
        cluster, *(names or ("interaction",)), given={"interaction": {**KNOBS, **knobs}}, shared={"mail_domain": DOMAIN}, read=read
    ) as platform:
        yield platform


def port_of(platform: TestPlatform) -> int:
    door = platform["interaction"].service.resources.mail_door
    assert door is not None
    return int(door[1])


def mail(
    text: str = "Hello, where is my order?", *, sender: str = "ann@x.example", to: str = "help@shop.example", subject: str = "My order",
    message_id: str = "<1@x.example>", **headers: str,
) -> bytes:
    """A plain mail; a header's underscores are hyphens."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"From: Ann <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def bounce(recipient: str, *, status: str = "5.1.1", diagnostic: str = "550 5.1.1 User unknown", about: str = "<x@shop.example>", action: str = "failed") -> bytes:
    """A delivery status notification (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example\r
To: bounces@shop.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{status}.{recipient}>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\r
\r
--b1\r
Content-Type: text/plain\r
\r
<{recipient}>: {diagnostic}\r
--b1\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: smtp; {diagnostic}\r
\r
--b1\r
Content-Type: message/rfc822\r
\r
From: shop@shop.example\r
To: {recipient}\r
Message-ID: {about}\r
Subject: Offer\r
\r
Hello\r
--b1--\r
""".encode()


def complaint(recipient: str, *, feedback: str = "abuse", about: str = "<x@shop.example>") -> bytes:
    """A report of the Abuse Reporting Format (RFC 5965)."""
    return f"""From: feedback@provider.example\r
To: abuse@shop.example\r
Subject: complaint about message\r
Message-ID: <arf.{feedback}.{recipient}>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\r
\r
--b1\r
Content-Type: text/plain\r
\r
This is an email abuse report.\r
--b1\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: {feedback}\r
User-Agent: Provider/1\r
Version: 1\r
Original-Rcpt-To: <{recipient}>\r
\r
--b1\r
Content-Type: message/rfc822\r
\r
From: shop@shop.example\r
To: {recipient}\r
Message-ID: {about}\r
\r
Hello\r
--b1--\r
""".encode()


async def deliver(port: int, raw: bytes, *, sender: str = "ann@x.example", to: Sequence[str] = ("help@shop.example",)) -> str:
    """One mail over SMTP; returns the server's last word."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, timeout=30, start_tls=False)
    async with client:
        _, answer = await client.sendmail(sender, list(to), raw)
    return answer


class Talk:
    """A client that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, line: bytes) -> str:
        self._writer.write(line + b"\r\n")
        await self._writer.drain()
        return await self.hear()

    async def send(self, raw: bytes) -> None:
        self._writer.write(raw)
        await self._writer.drain()

    async def hear(self) -> str:
        said = b""
        async with asyncio.timeout(60):
            while True:
                line = await self._reader.readline()
                said += line
                if not line or line[3:4] != b"-":
                    return said.decode()

    async def hand_over(self, raw: bytes, *, sender: bytes = b"ann@x.example", to: bytes = b"help@shop.example") -> str:
        """A whole mail with the stuffing of dots left to the caller."""
        assert (await self.say(b"MAIL FROM:<" + sender + b">")).startswith("250")
        assert (await self.say(b"RCPT TO:<" + to + b">")).startswith("250")
        assert (await self.say(b"DATA")).startswith("354")
        await self.send(raw)
        return await self.say(b".")


@asynccontextmanager
async def talk(port: int) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = Talk(reader, writer)
    try:
        assert (await found.hear()).startswith("220")
        assert (await found.say(b"EHLO client.example")).startswith("250")
        yield found
    finally:
        writer.close()


async def rows(platform: TestPlatform, statement: str, *arguments: Any) -> list[Any]:
    async with platform["interaction"].service.read() as db:
        return list(await db.fetch(statement, *arguments))
