"""The console: built files from memory, and one page for all its addresses."""

from __future__ import annotations

import gzip
import mimetypes
import re
from functools import cached_property
from importlib import resources
from typing import Final, NamedTuple

from chassis.peers import Send
from gateway.api.asking import Asked

#: The first parts of addresses that are not pages of the console, whatever their owner says of one.
_NOT_PAGES: Final = re.compile(
    r"/(api|v1|beacon|pixel|docs|documents|oidc|schemas|internal|disclosures|openapi\.json|sourceConfig|healthz|readyz|metrics|\.well-known|u|p|c|copy|t|s|deputy|in|f)(/|$)"
)
#: Scripts are files of ours and nothing else. Styles may stand in attributes: the components place menus and bars by them.
POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    b"frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    (b"content-security-policy", POLICY), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"), (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"), (b"vary", b"Accept-Encoding"),
)
_FOREVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_NEVER: Final = (b"cache-control", b"no-cache")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class _File(NamedTuple):
    content: bytes
    packed: bytes
    content_type: bytes


class Console:
    """Answers what is a file or a page of the console."""

    def find(self, asked: Asked) -> str | None:
        """The name of the file for a request that nobody else owns, or None."""
        if asked.scope["method"] not in {"GET", "HEAD"}:
            return None
        name = asked.path[1:]
        if name in self._files:
            return name
        page = asked.path == "/" or (
            not _NOT_PAGES.match(asked.path) and "." not in name.rpartition("/")[2] and b"text/html" in asked.headers.get(b"accept", b"")
        )
        return "index.html" if page and "index.html" in self._files else None

    async def answer(self, name: str, asked: Asked, send: Send) -> None:
        """The file, packed where the browser takes that."""
        found = self._files[name]
        packed = len(found.packed) < len(found.content) and b"gzip" in asked.headers.get(b"accept-encoding", b"")
        body = found.packed if packed else found.content
        headers = [
            *_ALWAYS, _FOREVER if name.startswith("assets/") else _NEVER, (b"content-type", found.content_type),
            (b"content-length", str(len(body)).encode()), (b"x-request-id", asked.request_id.encode()),
        ]
        if packed:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if asked.scope["method"] == "HEAD" else body})

    @cached_property
    def _files(self) -> dict[str, _File]:
        root = resources.files("gateway").joinpath("console")
        folders = {"": root, "assets/": root.joinpath("assets")}
        found = {}
        for place, folder in folders.items():
            for entry in folder.iterdir() if folder.is_dir() else ():
                if entry.is_file():
                    found[place + entry.name] = _file(entry.name, entry.read_bytes())
        return found


def _file(name: str, content: bytes) -> _File:
    ending = name[name.rfind(".") :]
    content_type = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _File(content, content if ending == ".woff2" else gzip.compress(content, 9, mtime=0), content_type.encode())
