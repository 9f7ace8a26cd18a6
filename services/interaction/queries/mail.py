"""Files that came with mails."""

from __future__ import annotations

from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import mail


async def get_attachment(service: InteractionService, *, sha256: str) -> tuple[str, bytes]:
    """(media type as told, content). Raises Unknown."""
    async with service.read() as db:
        row = await mail.find_attachment(db, bytes.fromhex(sha256))
    if row is None:
        raise errors.unknown_attachment()
    return row["media_type"], row["content"]
