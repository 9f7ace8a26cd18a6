"""Inbound mail over SMTP (RFC 5321): 250 only when the log has the mail, 451 when it must come again, and never silence.

What one client can take is bounded: connections in all and from one host, the size of a mail, the memory of all mails under way,
commands, recipients, waiting. Only CR LF . CR LF ends a mail, so that none can be smuggled in behind another.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis import telemetry
from chassis.settings import SettingsError
from services.interaction import commands
from services.interaction.settings import InteractionService

MIB: Final = 1024 * 1024
#: Longer lines than the 998 characters of the standard are common in HTML; beyond this a line is refused with its mail.
LONGEST_LINE: Final = 256 * 1024
#: Commands of one kind in one session.
COMMANDS: Final = 1_000
#: A mail takes no longer than this from its first to its last byte.
MAIL_SECONDS: Final = 600.0

_log = telemetry.logger(__name__)

CONNECTIONS: Final = telemetry.counter("ecrm_smtp_connections_total", "Connections to the SMTP door", ("outcome",))
MAILS: Final = telemetry.counter("ecrm_smtp_mails_total", "Mails at the SMTP door by answer", ("answer",))


class Room:
    """What the clients of one door share: connections and memory."""

    def __init__(self, *, connections: int, of_one_host: int, memory: int) -> None:
        self._connections = connections
        self._of_one_host = of_one_host
        self._memory = memory
        self._hosts: Counter[str] = Counter()
        self._held = 0

    def enter(self, host: str) -> bool:
        """Whether another connection of this host fits in."""
        if self._hosts.total() >= self._connections or self._hosts[host] >= self._of_one_host:
            return False
        self._hosts[host] += 1
        return True

    def leave(self, host: str) -> None:
        self._hosts[host] -= 1
        if self._hosts[host] <= 0:
            del self._hosts[host]

    def hold(self, size: int) -> bool:
        """Whether so many more bytes fit in."""
        if self._held + size > self._memory:
            return False
        self._held += size
        return True

    def release(self, size: int) -> None:
        self._held -= size


class Door(SMTP):
    """One client's session."""

    line_length_limit = LONGEST_LINE
    _refused = False

    def __init__(self, service: InteractionService, room: Room, tls: ssl.SSLContext | None) -> None:
        settings = service.settings
        super().__init__(
            _Handler(service), data_size_limit=settings.mail_size_mib * MIB, enable_SMTPUTF8=True, hostname=service.platform.mail_domain or "localhost",
            ident="Peyvand", tls_context=tls, timeout=settings.mail_timeout, command_call_limit={"*": COMMANDS, "AUTH": 3}, loop=asyncio.get_running_loop(),
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )
        self._room = room
        self._host = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._host:
            peer = transport.get_extra_info("peername")
            host = str(peer[0]) if peer else "unknown"
            if not self._room.enter(host):
                CONNECTIONS.labels("refused").inc()
                transport.write(b"421 4.7.0 Too many connections, come again later\r\n")  # type: ignore[attr-defined]
                transport.close()
                self._refused = True
                return
            CONNECTIONS.labels("accepted").inc()
            self._host = host
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._refused:
            return
        if self._host:
            self._room.leave(self._host)
            self._host = ""
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._refused else super().eof_received()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        """As the library's, but into one buffer: it makes an object of every line, which empty lines turn into thirty times their size."""
        assert self.envelope is not None
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Say who the mail is for first (RCPT)")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content, refusal = bytearray(), ""
        held = 0
        try:
            async with asyncio.timeout(MAIL_SECONDS):
                while True:
                    line, whole = await self._line()
                    if whole and line == b".\r\n":
                        break
                    self._reset_timeout()
                    if refusal:
                        continue
                    if not whole:
                        refusal = "500 5.6.0 A line of the mail is too long"
                    elif len(content) + len(line) > (self.data_size_limit or 0):
                        refusal = f"552 5.3.4 A mail has at most {(self.data_size_limit or 0) // MIB} MiB"
                    elif len(content) + len(line) > held:
                        more = max(len(line), MIB // 4)
                        if self._room.hold(more):
                            held += more
                        else:
                            refusal = "452 4.3.1 No room for this mail at the moment: send it again later"
                    if refusal:
                        content = bytearray()
                    else:
                        content += line[1:] if line.startswith(b".") else line
            if not refusal:
                self.envelope.content = self.envelope.original_content = bytes(content)
                content = bytearray()
                refusal = await self._call_handler_hook("DATA")
        finally:
            self._room.release(held)
        self.envelope = self._create_envelope()
        MAILS.labels(refusal[:3]).inc()
        await self.push(refusal)

    async def _line(self) -> tuple[bytes, bool]:
        """The next line with its CR LF, and whether it is whole; of one that is too long only that."""
        whole = True
        while True:
            try:
                return await self._reader.readuntil(b"\r\n"), whole
            except asyncio.LimitOverrunError as error:
                whole = False
                await self._reader.readexactly(max(1, error.consumed))

    async def smtp_AUTH(self, _arg: str) -> None:  # noqa: N802 - the library's name
        """There is nothing to log in for."""
        await self.push("502 5.5.1 Not offered")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Who is here is nobody's business."""
        await self.push("252 2.5.0 Send the mail and see")


class _Handler:
    """Decides about recipients and mails of one session."""

    def __init__(self, service: InteractionService) -> None:
        self._service = service

    async def handle_EHLO(  # noqa: N802
        self, _door: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [each for each in responses if not each.startswith(("250-AUTH", "250-HELP"))]

    async def handle_MAIL(self, _door: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        # `<>` stands for no return path; the library asks for something true to know that MAIL was said.
        envelope.mail_from = address or "<>"
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _door: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if len(envelope.rcpt_tos) >= self._service.settings.mail_recipients:
            return "452 4.5.3 Too many recipients: send the mail again for the others"
        if len(address) > 320 or not commands.takes(self._service, address):
            return "550 5.1.1 There is no such address here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _door: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        envelope.content = envelope.original_content = None
        sender = str(envelope.mail_from)
        try:
            taken = await commands.take_mail(
                self._service, raw=bytes(raw), sender="" if sender == "<>" else sender, recipients=[str(each) for each in envelope.rcpt_tos],
                trusted=False,
            )
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Whatever went wrong here, the sender has the mail and brings it again.
            _log.error("mail_waits", error=error)
            return "451 4.3.0 The mail cannot be kept at the moment: send it again later"
        return f"250 2.0.0 Kept as {taken.ids[0]}"

    async def handle_exception(self, error: Exception) -> str:
        _log.error("smtp_failed", error=error)
        return "451 4.3.0 Something went wrong on our side: come again later"


@asynccontextmanager
async def listening(service: InteractionService) -> AsyncIterator[tuple[str, int] | None]:
    """The door while the block runs, if an address is set; gives where it listens. Raises SettingsError for what is no address or certificate."""
    settings = service.settings
    if not settings.mail_address:
        yield None
        return
    host, _, port = settings.mail_address.rpartition(":")
    if not port.isdigit():
        raise SettingsError("ECRM_INTERACTION_MAIL_ADDRESS: write host:port, for example 127.0.0.1:2525")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it writes addresses
    tls = _tls(settings.mail_tls_cert, settings.mail_tls_key)
    room = Room(
        connections=settings.mail_connections, of_one_host=settings.mail_connections_per_host, memory=settings.mail_memory_mib * MIB
    )
    server = await asyncio.get_running_loop().create_server(lambda: Door(service, room, tls), host.strip("[]") or "127.0.0.1", int(port))
    try:
        found = server.sockets[0].getsockname()
        _log.info("smtp_open", port=found[1])
        yield found[0], found[1]
    finally:
        server.close()


def _tls(cert: str, key: str) -> ssl.SSLContext | None:
    if not cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ECRM_INTERACTION_MAIL_TLS_CERT: the certificate or its key cannot be used: {error}") from None
    return context
