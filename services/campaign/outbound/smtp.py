"""Mail servers: a few kept connections to the first that answers, and an honest outcome for every hand-off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponse,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPStatus,
)

from chassis import telemetry
from chassis.settings import SettingsError
from services.campaign.domain.ledger import Outcome, State
from services.campaign.domain.parcels import Parcel
from services.campaign.outbound.carrying import Away

MAILS_PER_CONNECTION: Final = 1_000

_log = telemetry.logger(__name__)


#: A server that could not be reached is left alone for so long while there is another one.
AWAY_SECONDS: Final = 5.0


class MailServers:
    """Several servers in order: the first that answers gets the mails, the next when it is away. A mail that may have left goes to no other."""

    def __init__(self, urls: str, *, connections: int, timeout: float, verify: bool = True) -> None:
        """`urls`: one or more, with blanks between. Raises SettingsError."""
        self._servers = [MailServer(url, connections=connections, timeout=timeout, verify=verify) for url in urls.split()]
        self.connections = connections
        self._away_at: dict[str, float] = {}

    @asynccontextmanager
    async def connection(self, _provider: str | None = None) -> AsyncIterator[_Connection]:
        """A connection to the first server that answers. Raises Away when none does."""
        async with AsyncExitStack() as stack:
            yield await self._first(stack)

    async def _first(self, stack: AsyncExitStack) -> _Connection:
        now = asyncio.get_running_loop().time()
        for server in sorted(self._servers, key=lambda server: now - self._away_at.get(server.name, -AWAY_SECONDS) < AWAY_SECONDS):
            try:
                return await stack.enter_async_context(server.connection())
            except Away:
                self._away_at[server.name] = now
        raise Away

    async def reachable(self) -> bool:
        """Whether there is a connection to be had, asked before anything is claimed."""
        try:
            async with self.connection():
                return True
        except Away:
            return False

    async def close(self) -> None:
        for server in self._servers:
            await server.close()


class MailServer:
    """Up to `connections` connections to one server, reused. STARTTLS is used wherever the server offers it."""

    def __init__(self, url: str, *, connections: int, timeout: float, verify: bool = True) -> None:
        """Raises SettingsError for an address that is not smtp:// or smtps://."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise SettingsError("ECRM_CAMPAIGN_SMTP_URL: write smtp://[user:password@]host[:port] or smtps://…")
        self.connections = connections
        self.name = f"{parts.hostname}:{port or ''}"
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = port or (465 if self._tls else 587 if parts.username else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._verify = verify
        self._idle: list[_Connection] = []
        self._free = asyncio.Semaphore(connections)
        self._away = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[_Connection]:
        """A connection for one hand-off after the other. Raises Away when none can be made."""
        async with self._free:
            connection = self._idle.pop() if self._idle else None
            if connection is None or not connection.usable:
                connection = await self._connect()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if connection.usable:
                self._idle.append(connection)
            else:
                connection.close()

    async def _connect(self) -> _Connection:
        client = SMTP(
            hostname=self._host, port=self._port, username=self._user, password=self._password, use_tls=self._tls,
            start_tls=False if self._tls else None, timeout=self._timeout, validate_certs=self._verify,
        )
        try:
            await client.connect()
        except (TimeoutError, SMTPException, OSError, ValueError) as error:
            client.close()
            if not self._away:  # it is tried every second: said once, not every second
                _log.warning("mail_server_away", error=error)
            self._away = True
            raise Away from None
        if self._away:
            _log.warning("mail_server_back")
        self._away = False
        return _Connection(client, self.name)

    async def close(self) -> None:
        """Say goodbye on the idle connections, within 2 s."""
        idle, self._idle = self._idle, []
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(connection.quit() for connection in idle)), 2)
        for connection in idle:
            connection.close()


class _Connection:
    """One SMTP session. A mail given twice arrives twice."""

    idempotent = False

    def __init__(self, client: SMTP, provider: str) -> None:
        self.provider = provider
        self._client = client
        self._mails = 0

    @property
    def usable(self) -> bool:
        return self._client.is_connected and self._mails < MAILS_PER_CONNECTION

    async def hand_over(self, parcel: Parcel, *, allowed: Callable[[], bool]) -> Outcome:
        """Give one mail to the server. `allowed` is asked right before DATA; False: nothing leaves, the message is planned again.

        A refusal with 4xx: planned again; 5xx: failed. A connection lost before DATA: planned again; after it: unknown.
        """
        self._mails += 1
        try:
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
            # Both addresses were checked when the mail was made: the client's own taking apart would cost as much as the commands.
            await self._command(b"MAIL", b"FROM:<%s>", parcel.sender, SMTPSenderRefused)
            await self._command(b"RCPT", b"TO:<%s>", parcel.to, SMTPRecipientRefused)
        except SMTPSenderRefused as refusal:
            await self._reset()
            return _refused(refusal, "sender")
        except SMTPResponseException as refusal:
            await self._reset()
            return _refused(refusal, "recipient")
        except (TimeoutError, SMTPException, OSError):
            self.close()
            return Outcome(State.PLANNED, "connection_lost")
        if not allowed():
            await self._reset()
            return Outcome(State.PLANNED, "permit_expired")
        try:
            response = await self._data(parcel.letter())
        except SMTPResponseException as refusal:
            if 400 <= refusal.code < 600:
                await self._reset()
                return _refused(refusal, "content")
            self.close()
            return Outcome(State.UNKNOWN, "reply_unclear", refusal.code)
        except (TimeoutError, SMTPException, OSError):
            self.close()
            return Outcome(State.UNKNOWN, "reply_lost")
        return Outcome(State.ACCEPTED, reply_code=response.code)

    async def _command(self, name: bytes, form: bytes, address: str, refused: type[SMTPSenderRefused] | type[SMTPRecipientRefused]) -> None:
        response = await self._client.execute_command(name, form % address.encode("ascii"))
        if response.code not in (SMTPStatus.completed, SMTPStatus.will_forward):
            raise refused(response.code, response.message, address)

    async def _data(self, letter: bytes) -> SMTPResponse:
        """DATA and the letter. One whose lines all end as they must is written as it stands, with its dots doubled (RFC 5321, 4.5.2).

        The client would look at every line of every mail first, which costs as much as the commands. Raises SMTPException, TimeoutError, OSError.
        """
        protocol, lines = self._client.protocol, letter.count(b"\r\n")
        if protocol is None or letter.startswith(b".") or not letter.endswith(b"\r\n") or (letter.count(b"\n"), letter.count(b"\r")) != (lines, lines):
            return await self._client.data(letter)
        response = await self._client.execute_command(b"DATA")
        if response.code != SMTPStatus.start_input:
            raise SMTPDataError(response.code, response.message)
        protocol.write(letter.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        response = await protocol.read_response(timeout=self._client.timeout)
        if response.code != SMTPStatus.completed:
            raise SMTPDataError(response.code, response.message)
        return response

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (TimeoutError, SMTPException, OSError):
            self.close()

    async def quit(self) -> None:
        with contextlib.suppress(SMTPException, OSError, asyncio.TimeoutError):
            await self._client.quit()

    def close(self) -> None:
        self._client.close()


def _refused(refusal: SMTPResponseException, what: str) -> Outcome:
    lasting = 500 <= refusal.code < 600
    return Outcome(State.FAILED if lasting else State.PLANNED, f"{what}_refused", refusal.code)
