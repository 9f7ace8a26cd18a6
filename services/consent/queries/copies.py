"""Archives for people who asked for a copy, and the links that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from chassis.errors import Gone, Unknown
from contracts import links
from services.consent import errors
from services.consent.domain.privacy import Copy
from services.consent.settings import ConsentService
from services.consent.store import copies as store


async def find_copy(service: ConsentService, *, request_id: UUID) -> Copy | None:
    """How far the archive of a request is; None when nobody has begun."""
    async with service.read() as db:
        return await store.find(db, request_id)


def copy_link(service: ConsentService, copy: Copy) -> str | None:
    """The address under which the archive is downloaded, without a key, until it expires; None before it is made and afterwards."""
    if copy.made_at is None or copy.expires_at is None or copy.expires_at <= service.clock.now():
        return None
    token = links.seal(service.link_secret, links.COPY, [str(copy.request_id), str(int(copy.expires_at.timestamp()))])
    return f"{service.platform.public_url.rstrip('/')}/copy/{token}"


async def open_copy(service: ConsentService, *, token: str) -> Copy:
    """The archive that a link leads to. Raises Unknown for anything that is not one of ours, Gone when its time is over or the data were erased."""
    try:
        request, ends = links.open_link(service.link_secret, links.COPY, token)
        request_id, ends_at = UUID(request), int(ends)
    except ValueError:
        raise Unknown("consent.unknown_link", "This link is not one of ours.") from None
    found = await find_copy(service, request_id=request_id)
    if service.clock.timestamp() >= ends_at or found is None or found.made_at is None:
        raise Gone("consent.lapsed_link", "This copy is no longer kept; ask for a new one.")
    return found


async def get_ready_copy(service: ConsentService, *, request_id: UUID) -> Copy:
    """The archive of a request. Raises CopyNotReady before it is made and after it has expired."""
    found = await find_copy(service, request_id=request_id)
    if found is None or found.made_at is None or found.expires_at is None or found.expires_at <= service.clock.now():
        raise errors.CopyNotReady
    return found


async def read_copy(service: ConsentService, *, request_id: UUID) -> AsyncIterator[bytes]:
    """The bytes of an archive, piece by piece."""
    async with service.read() as db, db.transaction(readonly=True):
        async for part in store.parts(db, request_id):
            yield part
