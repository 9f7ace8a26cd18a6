"""HTTP to addresses that somebody else has written down: webhooks, and what else is called outside.

The guard (against server-side request forgery): the name is resolved once, every address it has must be public, and the connection goes to
exactly the address that was checked, with the name kept for TLS and `Host`. No redirects, no proxies, at most 4 KiB of the answer are read.
Networks named in the setting `private_networks` may be called too, also by `http://` and at any port.

    async with calling_out.Outside(private_networks=service.platform.private_networks) as outside:
        reply = await outside.post(url, body=body, headers=calling_out.signed([secret], message_id=id, at=seconds, body=body))

Signatures are those of Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import secrets as random
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, NamedTuple, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chassis.errors import Invalid

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

ANSWER_BYTES: Final = 4096
PORTS: Final = frozenset({443, 8443})
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with
#: How far a timestamp may be off, in seconds.
TOLERANCE: Final = 300

#: Beside what Python calls not global: relays to other addresses, and what is set apart.
_DENIED: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3", "2001::/23", "2002::/16", "3fff::/20")
)
#: A name that ends in a number is another spelling of an IPv4 address (as browsers see it).
_NUMBER: Final = re.compile(r"[0-9]*|0[xX][0-9a-fA-F]*")
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")


class NotAllowed(Invalid):
    """An address that may not be called. The reason names no address that the name resolves to."""

    def __init__(self, reason: str) -> None:
        super().__init__("url.not_allowed", f"This address cannot be called: {reason}")


class NoAnswer(Exception):
    """The other side did not answer; `reason` is one of refused, timeout, tls, resolve, protocol."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reply(NamedTuple):
    """What came back. `body` is cut after 4 KiB and is for deciding only: it is never shown to whoever wrote the address down."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def networks(text: str) -> tuple[Network, ...]:
    """`127.0.0.0/8, 10.1.0.0/16` as networks. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_call(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether an IP address is public, or in a network that is allowed."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(found in network for network in allowed if network.version == found.version):
        return "%" not in address
    if "%" in address or not found.is_global or found.is_multicast or any(found in network for network in _DENIED if network.version == found.version):
        return False
    return found.version == 4 or found in _GLOBAL_V6


def checked_url(text: str, allowed: Sequence[Network] = ()) -> URL:
    """The form of an address that may be called: https at port 443 or 8443, a name, no user; more where private networks are allowed.

    What the name resolves to is checked at each call. Raises NotAllowed.
    """
    if len(text) > 2000 or any(sign <= " " or sign in "\\\x7f" for sign in text):
        raise NotAllowed("it has blanks or control characters, or is longer than 2000.")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError:
        raise NotAllowed("it is not an address of the web.") from None
    if url.scheme not in {"https", "http"} or not host:
        raise NotAllowed("it begins with https:// and names a host.")
    if url.user is not None or url.password is not None or "@" in url.raw_authority:
        raise NotAllowed("it must not hold a user or a password.")
    if url.fragment:
        raise NotAllowed("it must not hold a fragment.")
    if not allowed and (url.scheme != "https" or port not in PORTS):
        raise NotAllowed("only https at the ports 443 and 8443.")
    literal = _is_literal(host)
    if not literal and _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise NotAllowed("write an address in the usual form.")
    if literal and not may_call(host, allowed):
        raise NotAllowed("it is not in a public network.")
    return url


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class _Guarded(AbstractResolver):
    """Resolves once and gives back only if every address may be called: what is connected to is what was checked."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = [
            ResolveResult(hostname=host, host=str(where[0]), port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
            for kind, _, proto, _, where in found
        ]
        scoped = any(len(where) == 4 and where[3] for _, _, _, _, where in found)
        if not results or scoped or not all(may_call(result["host"], self._allowed) for result in results):
            raise _Denied
        return results

    async def close(self) -> None:
        """Nothing is held."""


class _Denied(OSError):
    """A name that leads to where nobody may go."""


class Outside:
    """A client for such addresses. One per process; a connection serves one call."""

    def __init__(self, *, private_networks: str = "") -> None:
        self.allowed = networks(private_networks)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Outside:
        connector = aiohttp.TCPConnector(resolver=_Guarded(self.allowed), use_dns_cache=False, force_close=True, limit=256)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False, skip_auto_headers=("Accept-Encoding",)
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str], timeout: float = 15.0) -> Reply:
        """POST once. `timeout` in seconds for all of it. Raises NotAllowed, NoAnswer."""
        return await self.request("POST", url, body=body, headers=headers, timeout=timeout)

    async def request(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout: float = 15.0,
        most: int = ANSWER_BYTES,
    ) -> Reply:
        """Ask once; `most` bytes of the answer are read. Raises NotAllowed, NoAnswer."""
        assert self._session is not None, "used outside of its `async with`"
        checked = checked_url(url, self.allowed)
        began = time.monotonic()
        try:
            async with self._session.request(
                method, checked, data=body, headers=headers, allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout, connect=min(5.0, timeout)),
            ) as answer:
                read = await _at_most(answer.content, most)
                return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, read, time.monotonic() - began)
        except TimeoutError:
            raise NoAnswer("timeout") from None
        except (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError):
            raise NoAnswer("tls") from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _Denied) or isinstance(error.__cause__, _Denied):
                raise NotAllowed("it is not in a public network.") from None
            raise NoAnswer("resolve" if isinstance(error, aiohttp.ClientConnectorDNSError) else "refused") from None
        except (aiohttp.ClientError, OSError, ValueError):
            # Lost after it was connected: what was sent may have arrived, unlike with "refused".
            raise NoAnswer("protocol") from None


async def _at_most(content: aiohttp.StreamReader, most: int) -> bytes:
    read = b""
    while len(read) < most and (chunk := await content.read(most - len(read))):
        read += chunk
    return read


def new_secret() -> str:
    """A signing secret of 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def signed(secrets: Sequence[str], *, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers that prove a message; with several secrets one signature for each, for the time of a rotation. `at`: seconds since the epoch.

    Raises ValueError when a secret is not of the form `whsec_…`.
    """
    signatures = " ".join("v1," + base64.b64encode(_digest(secret, message_id, str(at), body)).decode() for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signatures}


def proves(headers: Mapping[str, str], secrets: Sequence[str], *, now: float, body: bytes) -> bool:
    """Whether the headers (names in lower case) prove the body with one of the secrets, at most five minutes ago."""
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not at.isdecimal() or len(at) > 12 or abs(now - int(at)) > TOLERANCE:
        return False
    given = [text[3:] for text in headers.get("webhook-signature", "").split(" ") if text.startswith("v1,")]
    expected = [base64.b64encode(_digest(secret, message_id, at, body)).decode() for secret in secrets]
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in given[:10] for other in expected)


def _digest(secret: str, message_id: str, at: str, body: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a signing secret is whsec_ and base64") from None
    return hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
