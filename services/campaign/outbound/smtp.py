"""The mail server: a few kept connections, and an honest outcome for every hand-off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPSenderRefused

from chassis import telemetry
from chassis.settings import SettingsError
from services.campaign.domain.ledger import Outcome, State

MAILS_PER_CONNECTION: Final = 1_000

_log = telemetry.logger(__name__)


class ServerAway(Exception):
    """There is no connection to the mail server; nothing has left."""


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
        """A connection for one hand-off after the other. Raises ServerAway when none can be made."""
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
            raise ServerAway from None
        if self._away:
            _log.warning("mail_server_back")
        self._away = False
        return _Connection(client)

    async def close(self) -> None:
        """Say goodbye on the idle connections, within 2 s."""
        idle, self._idle = self._idle, []
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(connection.quit() for connection in idle)), 2)
        for connection in idle:
            connection.close()


class _Connection:
    """One SMTP session."""

    def __init__(self, client: SMTP) -> None:
        self._client = client
        self._mails = 0

    @property
    def usable(self) -> bool:
        return self._client.is_connected and self._mails < MAILS_PER_CONNECTION

    async def hand_over(self, *, sender: str, recipient: str, mail: bytes, allowed: Callable[[], bool]) -> Outcome:
        """Give one mail to the server. `allowed` is asked right before DATA; False: nothing leaves, the message is planned again.

        A refusal with 4xx: planned again; 5xx: failed. A connection lost before DATA: planned again; after it: unknown.
        """
        self._mails += 1
        try:
            await self._client.mail(sender, encoding="ascii")
            await self._client.rcpt(recipient, encoding="ascii")
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
            response = await self._client.data(mail)
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
