"""Inflating a body while it comes in, counting as it goes: one layer, one member, 5 MiB, ratio 100."""

from __future__ import annotations

import zlib
from typing import Final

from services.interaction.domain.collecting.outcome import RequestRefused

MAX_BODY: Final = 5 * 1024 * 1024
RATIO: Final = 100
RATIO_FROM: Final = 64 * 1024
_STEP: Final = 256 * 1024


class Inflater:
    """Takes the chunks of a body and gives the plain body, or refuses it as soon as a limit is passed."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is the Content-Encoding header. Raises RequestRefused (`unsupported_encoding`)."""
        wanted = encoding.strip().lower()
        if wanted not in {"", "identity", "gzip"}:
            raise RequestRefused("unsupported_encoding")
        self._gzip = zlib.decompressobj(31) if wanted == "gzip" else None
        self._parts: list[bytes] = []
        self.wire = 0
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        """Raises RequestRefused: body_too_large, bad_gzip."""
        self.wire += len(chunk)
        if self.wire > MAX_BODY:
            raise RequestRefused("body_too_large")
        if self._gzip is None:
            self._take(chunk)
            return
        if self._gzip.eof and chunk:
            raise RequestRefused("bad_gzip")
        while chunk:
            try:
                plain = self._gzip.decompress(chunk, _STEP)
            except zlib.error:
                raise RequestRefused("bad_gzip") from None
            self._take(plain)
            if self.size > RATIO_FROM and self.size > RATIO * self.wire:
                raise RequestRefused("body_too_large")
            if self._gzip.unused_data:
                raise RequestRefused("bad_gzip")
            chunk = self._gzip.unconsumed_tail

    def finish(self) -> bytes:
        """The whole plain body. Raises RequestRefused (`bad_gzip`) when the stream is not complete."""
        if self._gzip is not None and self.wire:
            while not self._gzip.eof:
                try:
                    plain = self._gzip.decompress(b"", _STEP)
                except zlib.error:
                    raise RequestRefused("bad_gzip") from None
                if not plain:
                    break
                self._take(plain)
            if not self._gzip.eof or self._gzip.unused_data:
                raise RequestRefused("bad_gzip")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _take(self, plain: bytes) -> None:
        self.size += len(plain)
        if self.size > MAX_BODY:
            raise RequestRefused("body_too_large")
        self._parts.append(plain)
