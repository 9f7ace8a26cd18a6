"""Files that come in as the body of a request."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from services.analytics import errors

MAX_BYTES: Final = 4_000_000


async def read_text(request: Request) -> str:
    """The body as UTF-8. Raises Invalid."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_BYTES:
            raise errors.file_too_large(MAX_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise errors.not_utf8() from None
