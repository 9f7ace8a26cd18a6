"""An export, in an order in which what comes later bears what came before: messages, their permits, then the ledger they stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from launcher.auditing.folder import FILES, MANIFEST, Writer
from launcher.remote import Api
from services.consent.domain import chain

_PATHS: Final = {
    "messages": "/api/v1/messages/handed-off", "permits": "/api/v1/consents/audit/permits", "chain": "/api/v1/consents/audit/chain",
    "roots": "/api/v1/consents/audit/roots", "keys": "/api/v1/consents/audit/keys",
}


Ask = Callable[..., Awaitable[Any]]


async def export(url: str, key: str, folder: Path) -> dict[str, int]:
    """Write the folder; how many records of each kind. Raises RemoteError, OSError (also when it holds files already)."""
    async with Api(url, key, patience=30.0) as api:
        return await bring(api.ask, folder)


async def rotate(url: str, key: str) -> tuple[str, str]:
    """Let another key sign; (its id, the id of the key that endorsed it). Raises RemoteError."""
    async with Api(url, key) as api:
        found = await api.ask("POST", "/api/v1/consents/audit/keys/rotate", None)
    return found["kid"], found["endorsed_by"]


async def bring(ask: Ask, folder: Path) -> dict[str, int]:
    """The same with whatever asks: `await ask(method, path, body)` answers JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    told = {}
    began = await ask("POST", "/api/v1/consents/audit/seal", None)
    for name in ("messages", "permits"):
        told[name] = await _pages(ask, folder, name)
    # What the permits stand on may have come in while they were read.
    await ask("POST", "/api/v1/consents/audit/seal", None)
    for name in ("chain", "roots", "keys"):
        told[name] = await _pages(ask, folder, name)
    manifest = {"at_us": began["at_us"], "files": told}
    signed = await ask("POST", "/api/v1/consents/audit/manifest", manifest)
    (folder / MANIFEST).write_bytes(chain.canonical({"manifest": manifest, **signed}))
    return {name: told[name]["records"] for name in FILES}


async def _pages(ask: Ask, folder: Path, name: str) -> dict[str, Any]:
    writer = Writer(folder, name)
    token = ""
    try:
        while True:
            page = await ask("GET", _PATHS[name] + (f"?page_token={quote(token)}" if token else ""), None)
            writer.write(page["data"])
            token = page["next_page_token"] or ""
            if not token:
                break
    finally:
        told = writer.close()
    return told
