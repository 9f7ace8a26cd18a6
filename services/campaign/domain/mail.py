"""A mail's bytes: checked header values around prepared bodies. No value can become a header of its own."""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from email.header import Header
from functools import lru_cache
from html import escape
from typing import Final

import msgspec

#: C0 and C1 controls, DEL, line and paragraph separators, surrogates; and the beginning of an encoded word.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\\?")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+")
_PRINTABLE: Final = b"\t" + bytes(range(0x20, 0x7F))
_NOT_IN_URL: Final = re.compile(r"[\s<>]")
_PERMIT_ID: Final = re.compile(r"[A-Za-z0-9._:/-]{1,200}")
_LIST_SIGNS: Final = re.compile(r'[<>,;:"()\[\]\\]')
LONGEST_VALUE: Final = 2_000
PERMIT_HEADER: Final = "X-Ecrm-Permit"


class UnsafeHeader(ValueError):
    """A value that could be read as more than a value. The message names the header, never the value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the value of {name} cannot stand in a mail header")
        self.header = name


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What one mail says and to whom; addresses are ASCII."""

    sender: str
    sender_name: str = ""
    recipient: str
    reply_to: str = ""
    subject: str
    html: str
    text: str
    date: str
    message_id: str
    unsubscribe_url: str
    campaign: str


def check_value(name: str, value: str) -> str:
    """The value, if it is harmless; without `=?` there are no encoded words in it that could hide anything. Raises UnsafeHeader."""
    if len(value) > LONGEST_VALUE or _UNSAFE.search(value):
        raise UnsafeHeader(name)
    return value


def check_address(name: str, address: str) -> str:
    """The address, if it is printable ASCII of one line without list separators. Raises UnsafeHeader."""
    check_value(name, address)
    if not _ADDRESS.fullmatch(address) or _LIST_SIGNS.search(address):
        raise UnsafeHeader(name)
    return address


def build(mail: Mail) -> bytes:
    """The mail as it goes over the wire (RFC 5322, CRLF, multipart/alternative, RFC 8058 unsubscribe). Raises UnsafeHeader.

    What was built is read again: the header names must be those that were meant, each once.
    """
    boundary = f"=_{mail.message_id.partition('@')[0]}"
    headers = [
        ("From", _mailbox("From", mail.sender_name, mail.sender)),
        ("To", check_address("To", mail.recipient)),
        ("Subject", _words("Subject", mail.subject)),
        ("Date", check_value("Date", mail.date)),
        ("Message-ID", f"<{check_address('Message-ID', mail.message_id)}>"),
        ("List-Unsubscribe", f"<{_url('List-Unsubscribe', mail.unsubscribe_url)}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("X-Ecrm-Campaign", check_value("X-Ecrm-Campaign", mail.campaign)),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    if mail.reply_to:
        headers.insert(2, ("Reply-To", check_address("Reply-To", mail.reply_to)))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    _read_again(head, [name for name, _ in headers])
    edge = boundary.encode()
    return b"".join((
        head, b"\r\n--", edge, b"\r\n", _part("plain", mail.text), b"\r\n--", edge, b"\r\n", _part("html", mail.html),
        b"\r\n--", edge, b"--\r\n",
    ))


def with_permit(mail: bytes, permit_id: str) -> bytes:
    """The built mail with the permit it goes out under. Raises UnsafeHeader."""
    if not _PERMIT_ID.fullmatch(permit_id):
        raise UnsafeHeader(PERMIT_HEADER)
    return f"{PERMIT_HEADER}: {permit_id}\r\n".encode("ascii") + mail


def plain_html(text: str) -> str:
    """A text as HTML, for a mail whose template is a text."""
    return f"<html><body><p>{escape(text).replace(chr(10), '<br>')}</p></body></html>"


def _part(kind: str, content: str) -> bytes:
    coded = binascii.b2a_base64(content.encode("utf-8", "replace"), newline=False)
    lines = b"\r\n".join([coded[start : start + 76] for start in range(0, len(coded), 76)])
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode() + lines + b"\r\n"


@lru_cache(maxsize=256)
def _words(name: str, value: str) -> str:
    check_value(name, value)
    if value.isascii():
        return value if len(value) < 900 else Header(value, "us-ascii", header_name=name).encode(linesep="\r\n")
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


@lru_cache(maxsize=256)  # a few senders stand in very many mails
def _mailbox(name: str, display: str, address: str) -> str:
    check_address(name, address)
    if not display:
        return address
    check_value(name, display)
    if display.isascii():
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{Header(display, 'utf-8', header_name=name).encode(linesep=chr(13) + chr(10))} <{address}>"


def _url(name: str, url: str) -> str:
    check_value(name, url)
    if not url.isascii() or _NOT_IN_URL.search(url):
        raise UnsafeHeader(name)
    return url


def _read_again(head: bytes, meant: Sequence[str]) -> None:
    """Each of these headers once, in this order, of nothing but printable ASCII and tabs; a line that goes on begins with a blank."""
    *lines, last = head.split(b"\r\n")
    names = [line.partition(b":")[0] for line in lines if line[:1] not in (b" ", b"\t")]
    if last or b"".join(lines).translate(None, _PRINTABLE) or not all(map(bytes.strip, lines)) or names != [name.encode() for name in meant]:
        raise UnsafeHeader("mail")
