"""Text out of mail: encoded words, charsets, HTML. Whatever comes in, valid Unicode goes out, in time that grows with its length only."""

from __future__ import annotations

import binascii
import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses
from html import unescape
from typing import Final

#: A header beyond it is cut: nothing that a person wrote is longer.
LONGEST_HEADER: Final = 10_000
#: HTML beyond it is not read for its text.
LONGEST_HTML: Final = 1024 * 1024

#: Slow beyond measure, or no charsets of mails at all.
_REFUSED: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_ALIASES: Final = {"x-sjis": "cp932", "shift_jis": "cp932", "gb2312": "gb18030", "ks_c_5601-1987": "cp949", "iso-8859-8-i": "iso-8859-8", "x-mac-roman": "mac_roman"}
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: Embeddings, overrides and isolates: in one line they only serve to make it look like another.
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_WHITE: Final = re.compile(r"[ \t\r\n\u2028\u2029\x85]+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_BREAKS: Final = frozenset(
    "br p div tr table ul ol li h1 h2 h3 h4 h5 h6 blockquote pre hr section article header footer dd dt address form title".split()
)
_SILENT: Final = ("script", "style", "head", "noscript", "template")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"@\\]{1,64}@[^\s<>()\[\],;:\"@\\]{1,253}")


def plain(text: str) -> str:
    """The text without NUL, controls and half characters; each becomes U+FFFD. Line ends become LF."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def line(text: str) -> str:
    """One line without controls and without marks that turn the direction of what follows."""
    return _WHITE.sub(" ", _BIDI.sub("", _CONTROL.sub("\ufffd", text))).strip()


def decode(raw: bytes, charset: str | None) -> str:
    """Bytes of a text part, in the charset they claim or else in one they can be read in."""
    for name in (charset or "", "utf-8"):
        found = _codec(name)
        if found is not None:
            try:
                return plain(raw.decode(found))
            except (UnicodeError, LookupError, ValueError):
                continue
    if charset and (found := _codec(charset)) is not None and found != "ascii":
        return plain(raw.decode(found, "replace"))
    return plain(raw.decode("cp1252", "replace"))


def _codec(name: str) -> str | None:
    name = name.strip().strip("\"'").lower()[:40]
    name = _ALIASES.get(name, name)
    if not name or "\x00" in name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return found.name


def header(value: str) -> str:
    """A header's value with its encoded words decoded; bytes that no rule allows are read as UTF-8 or else as Windows-1252."""
    value = value[:LONGEST_HEADER]
    if not value.isascii():
        value = decode(value.encode("utf-8", "surrogateescape"), None)
    if "=?" in value:
        try:
            value = "".join(
                part if isinstance(part, str) else decode(part, charset) for part, charset in decode_header(value)
            )
        except (HeaderParseError, binascii.Error, ValueError, LookupError, IndexError):
            pass  # it stays as it was written
    return line(value)


def addresses(value: str) -> list[tuple[str, str]]:
    """(name, address) of a list of mailboxes; what is no address is left out."""
    value = value[:LONGEST_HEADER]
    try:
        pairs = getaddresses([_WHITE.sub(" ", value)])
    except (IndexError, ValueError, RecursionError, TypeError):
        pairs = []
    found = [(header(name), address.strip()) for name, address in pairs if is_address(address.strip())]
    return found or [("", address) for address in _ADDRESS.findall(value)]


def is_address(text: str) -> bool:
    """Whether the text looks like an address, without quoting."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def text_of_html(html: str) -> str:
    """What a reader sees, line by line; linear in the length whatever the markup."""
    html = html[:LONGEST_HTML]
    out: list[str] = []
    at, silent = 0, ""
    while True:
        start = html.find("<", at)
        if start < 0:
            start = len(html)
        if not silent:
            out.append(_WHITE.sub(" ", html[at:start]))
        if start == len(html):
            break
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            at = len(html) if end < 0 else end + 3
            continue
        end = html.find(">", start + 1)
        if end < 0:
            if not silent:
                out.append(_WHITE.sub(" ", html[start:]))
            break
        closing = html.startswith("/", start + 1)
        name = re.split(r"[\s/>]", html[start + 1 + closing : start + 13 + closing], maxsplit=1)[0].lower()
        if not (closing or name[:1].isalpha() or name[:1] in ("!", "?")):
            if not silent:
                out.append("<")
            at = start + 1
            continue
        if silent:
            silent = "" if closing and name == silent else silent
        elif not closing and name in _SILENT:
            silent = name
        elif name in _BREAKS:
            out.append("\n")
        at = end + 1
    lines = (_WHITE.sub(" ", part).strip() for part in unescape("".join(out)).replace("\xa0", " ").split("\n"))
    return plain(_BLANK_LINES.sub("\n\n", "\n".join(lines)).strip())
