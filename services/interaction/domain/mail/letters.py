"""A mail's bytes, read within limits: at most so deep, so many parts, so long a header, whatever the sender meant to do to us.

Headers are parsed by the standard library. Parts are found here: the library's parser takes time with the square of the depth and
makes an object of every part, which ten thousand nested ones turn against it. A mail beyond a limit is still read as far as the limit;
`notes` says what was cut.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final, NamedTuple

from services.interaction.domain.mail import wording

MAX_DEPTH: Final = 8
MAX_PARTS: Final = 100
MAX_HEAD: Final = 256 * 1024
MAX_HEADERS: Final = 1_000

_parser: Final = BytesHeaderParser(policy=compat32)
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
#: Line by line, `name: value` or a continuation; the first other line ends the head.
_HEADER_LINE: Final = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]|>?From ")


class Part(NamedTuple):
    """A leaf of the mail. `content` is decoded from its transfer encoding; `head` is that of a message within, for `message/rfc822`."""

    type: str
    charset: str | None
    name: str
    disposition: str
    content: bytes
    head: Head | None = None

    @property
    def text(self) -> str:
        return wording.decode(self.content, self.charset)


class Head:
    """Headers by name, as they were written and decoded on demand."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._values: dict[str, list[str]] = {}
        for number, (name, value) in enumerate(message.raw_items()):
            if number < MAX_HEADERS:
                self._values.setdefault(str(name).lower(), []).append(str(value))

    def raw(self, name: str) -> str:
        """The first value of a header, unfolded, else an empty text."""
        found = self._values.get(name)
        return wording.line(found[0][: wording.LONGEST_HEADER].encode("utf-8", "surrogateescape").decode("utf-8", "replace")) if found else ""

    def get(self, name: str) -> str:
        """The first value with encoded words decoded, else an empty text."""
        found = self._values.get(name)
        return wording.header(found[0]) if found else ""

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """(name, address) of every value of a header of mailboxes, at most 100."""
        return [pair for value in self._values.get(name, ())[:20] for pair in wording.addresses(value)][:100]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def type(self) -> str:
        return self._message.get_content_type()

    def parameter(self, name: str, header: str = "content-type") -> str:
        """A parameter of a structured header, decoded; empty if there is none or it cannot be read."""
        try:
            found = self._message.get_param(name, "", header)
            if isinstance(found, tuple):
                charset, _, value = found
                return wording.line(wording.decode(value.encode("latin-1", "replace"), charset or "utf-8"))
            return wording.header(str(found))
        except (ValueError, LookupError, TypeError, AttributeError, IndexError):
            return ""

    @property
    def disposition(self) -> str:
        return self.raw("content-disposition").partition(";")[0].strip().lower()


class Letter(NamedTuple):
    """A mail as read. `notes`: what was cut (`too_many_parts`, `too_deep`, `headers_cut`)."""

    head: Head
    parts: list[Part]
    notes: list[str]

    def text(self) -> str:
        """What the sender wrote: the plain text parts, else the HTML ones as text; attachments left out."""
        inline = [part for part in self.parts if part.disposition != "attachment" and part.head is None]
        texts = [part.text for part in inline if part.type == "text/plain" and not part.name]
        if any(text.strip() for text in texts):
            return "\n".join(texts).strip()
        return "\n".join(wording.text_of_html(part.text) for part in inline if part.type == "text/html").strip()

    def attachments(self) -> list[Part]:
        """What was attached: everything but the unnamed texts."""
        return [
            part for part in self.parts
            if part.disposition == "attachment" or part.name or part.head is not None or part.type not in ("text/plain", "text/html")
        ]


def read_letter(raw: bytes) -> Letter:
    """Read a mail. Never raises for what is in it."""
    notes: set[str] = set()
    head, body = split_head(raw.lstrip(b"\r\n"), notes)
    parts = list(_walk(head, body, 0, notes, [MAX_PARTS]))
    return Letter(head, parts, sorted(notes))


def split_head(raw: bytes, notes: set[str] | None = None) -> tuple[Head, bytes]:
    """Head and body of an entity; a head that is too long is cut."""
    end = _end_of_head(raw)
    head, body = raw[: end[0]], raw[end[1] :]
    if len(head) > MAX_HEAD or head.count(b"\n") > 4 * MAX_HEADERS:
        head = b"\n".join(head[:MAX_HEAD].split(b"\n", 4 * MAX_HEADERS)[: 4 * MAX_HEADERS])
        if notes is not None:
            notes.add("headers_cut")
    return Head(_parser.parsebytes(head)), body


def _end_of_head(raw: bytes) -> tuple[int, int]:
    """Where the head ends and the body begins: an empty line, or the first line that is no header."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return 0, 1 + (raw[:1] == b"\r")
    found = _END_OF_HEAD.search(raw)
    end, begin = (found.start(), found.end()) if found else (len(raw), len(raw))
    at = 0
    while at < end:
        if not _HEADER_LINE.match(raw, at):
            return at, at
        following = raw.find(b"\n", at, end)
        at = end if following < 0 else following + 1
    return end, begin


def _walk(head: Head, body: bytes, depth: int, notes: set[str], left: list[int]) -> Iterator[Part]:
    """Leaves in order; `left` holds how many more parts may be made."""
    if left[0] <= 0:
        notes.add("too_many_parts")
        return
    kind = head.type
    if kind.startswith("multipart/"):
        if depth >= MAX_DEPTH:
            notes.add("too_deep")
        else:
            pieces = _pieces(body, head, left[0] + 1)
            if pieces is not None:
                for piece in pieces:
                    inner, content = split_head(piece, notes)
                    yield from _walk(inner, content, depth + 1, notes, left)
                return
            kind = "text/plain"
    left[0] -= 1
    content = _transfer_decoded(body, head.raw("content-transfer-encoding"))
    within = split_head(content.lstrip(b"\r\n"))[0] if kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global") else None
    name = head.parameter("filename", "content-disposition") or head.parameter("name")
    yield Part(kind, head.parameter("charset") or None, name[:200], head.disposition, content, within)


def _pieces(body: bytes, head: Head, most: int) -> Iterator[bytes] | None:
    """The entities of a multipart body, at most so many; None when no boundary is found in it."""
    boundary = head.parameter("boundary").encode("utf-8", "replace")
    mark = b"--" + boundary
    if not boundary or not _has_line(body, mark):
        guessed = re.match(rb"(?:[^\n]*\n){0,20}?(--[^\s-][^\r\n]{4,80}?)[ \t]*\r?\n[Cc]ontent-", body)
        if guessed is None:
            return None
        mark = guessed.group(1)
    return _between(body, mark, most)


def _has_line(body: bytes, mark: bytes) -> bool:
    at = body.find(mark)
    return at == 0 or body.find(b"\n" + mark) >= 0


def _between(body: bytes, mark: bytes, most: int) -> Iterator[bytes]:
    begin = -1
    at = 0 if body.startswith(mark) else body.find(b"\n" + mark) + 1
    while most > 0:
        after = at + len(mark)
        newline = body.find(b"\n", after)
        stop = len(body) if newline < 0 else newline
        rest = body[after : min(stop, after + 100)].strip()
        if rest in (b"", b"--") and stop - after <= 100:
            if begin >= 0:
                yield body[begin : max(begin, at - 1)].removesuffix(b"\r")
                most -= 1
            begin = stop + 1
            if rest == b"--":
                return
        following = body.find(b"\n" + mark, max(after - 1, 0))
        if following < 0:
            if begin >= 0:
                yield body[begin:]
            return
        at = following + 1


def _transfer_decoded(body: bytes, encoding: str) -> bytes:
    """The content as it was before it was made fit for transport; what is broken is decoded as far as it goes."""
    encoding = encoding.lower()
    if encoding.startswith("base64"):
        wanted = _NOT_BASE64.sub(b"", body.partition(b"=")[0])
        return binascii.a2b_base64(wanted[: len(wanted) - (len(wanted) % 4 == 1)] + b"===") if wanted else b""
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    return body
