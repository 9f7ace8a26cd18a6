"""An SMTP server in the test's own loop that keeps what it takes, and can refuse, stall or hang up where told to."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP


class Mailbox:
    """`mails`: (recipient, raw) in the order of arrival, also those whose reply was dropped; `senders`: their return paths."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.senders: list[str] = []
        self.refuse_rcpt: dict[str, str] = {}
        self.refuse_data: dict[str, str] = {}
        self.drop_reply: set[str] = set()
        self.delay = 0.0
        self.url = ""
        self.connections = 0

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refuse_rcpt:
            return self.refuse_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        address = envelope.rcpt_tos[0]
        if self.delay:
            await asyncio.sleep(self.delay)
        if address in self.refuse_data:
            return self.refuse_data[address]
        self.mails.append((address, bytes(envelope.original_content)))
        self.senders.append(str(envelope.mail_from))
        if address in self.drop_reply:
            server.transport.abort()
        return "250 taken"

    def recipients(self) -> list[str]:
        return [address for address, _ in self.mails]

    def message(self, address: str) -> EmailMessage:
        raw = next(raw for recipient, raw in self.mails if recipient == address)
        return email.message_from_bytes(raw, policy=default)


def content(message: EmailMessage, kind: str) -> str:
    """The text of one part (plain or html)."""
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A listening server on a free port of the loopback."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="sink.test", loop=loop), "127.0.0.1", 0)
    box.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
