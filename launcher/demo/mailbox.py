"""A local mailbox: an SMTP server on the loopback that keeps every mail as an .eml file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class Mailbox:
    """What has arrived. `after` is awaited before mail number n (from 1) is answered."""

    folder: Path
    after: Callable[[int], Awaitable[None]] | None = None
    count: int = 0
    files: list[Path] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.count += 1
        number = self.count
        path = self.folder / f"{number:05d}.eml"
        content = envelope.original_content or b""
        await asyncio.to_thread(path.write_bytes, content)
        self.files.append(path)
        self.recipients.extend(envelope.rcpt_tos)
        if self.after is not None:
            await self.after(number)
        return "250 kept"


@asynccontextmanager
async def open_mailbox(folder: Path, *, port: int, after: Callable[[int], Awaitable[None]] | None = None) -> AsyncIterator[Mailbox]:
    """Listen while the block runs. Raises OSError when the port is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.eml"):
        old.unlink()
    mailbox = Mailbox(folder, after)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="mailbox.localhost", loop=loop), "127.0.0.1", port)
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


def read(path: Path) -> EmailMessage:
    """A kept mail."""
    found = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(found, EmailMessage)
    return found
