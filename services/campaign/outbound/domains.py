"""Text records of the DNS."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.resolver

LOOK_UP_SECONDS = 3.0


async def texts(name: str, *, server: str = "") -> list[str] | None:
    """The TXT records of a name; none where there are none, None where nobody answers. `server`: address or address:port."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=not server)
        if server:
            host, _, port = server.partition(":")
            resolver.nameservers = [host]
            resolver.port = int(port or 53)
        resolver.lifetime = LOOK_UP_SECONDS
        answer = await resolver.resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
