"""Links and the open picture: how they are written into a mail, and which visits are machines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from html import escape, unescape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LONGEST_URL: Final = 1_500
TOO_FAST: Final = timedelta(seconds=2)
#: Number of the hidden link; whatever visits a message so close to its own visit is the same machine.
TRAP: Final = -9
TRAPPED: Final = timedelta(seconds=60)

_ANCHOR: Final = re.compile(r"(<a\b[^>]*?\bhref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_OTHER_SCHEMES: Final = ("mailto:", "tel:", "sms:", "#")

_SCANNERS: Final = re.compile(
    r"bot\b|crawl|spider|slurp|scan|preview|proxy|fetch|monitor|curl|wget|python-|go-http|java/|okhttp|libwww|headless|phantom|puppeteer|"
    r"playwright|barracuda|proofpoint|mimecast|safelinks|symantec|trend ?micro|fortinet|sophos|fireeye|forcepoint|cisco|ironport|"
    r"facebookexternalhit|whatsapp|telegrambot|skypeuri|slackbot|googleimageproxy|yahoomailproxy|apple-mail-privacy|ms-office|bingpreview",
    re.IGNORECASE,
)
_PREFETCH: Final = ("purpose", "sec-purpose", "x-purpose", "x-moz")


@lru_cache(maxsize=2_048)  # the same few links stand in all mails of a campaign
def followable(url: str) -> bool:
    """Whether a click may be sent there: absolute http or https with a host, no credentials, no control characters."""
    if len(url) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def with_utm(url: str, utm: Mapping[str, str]) -> str:
    """The address with the campaign's `utm_…` parameters; those the author wrote win."""
    return _with_utm(url, tuple(utm.items())) if utm else url


@lru_cache(maxsize=2_048)
def _with_utm(url: str, utm: tuple[tuple[str, str], ...]) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    present = {name for name, _ in query}
    added = [(f"utm_{name}", value) for name, value in utm if f"utm_{name}" not in present]
    if not added:
        return url
    joined = parts.query + ("&" if parts.query else "") + urlencode(added)
    return urlunsplit(parts._replace(query=joined))


def without_query(url: str) -> str:
    """The address without query and fragment, where personal values may stand: the form that is told to others."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def rewrite(html: str, *, click: Callable[[int, str], str], keep: frozenset[str], utm: Mapping[str, str], pixel: str, trap: str = "") -> str:
    """Lead every http(s) link over `click(index, url)`, except those in `keep`; disarm links of other schemes; add the open picture.

    `trap`: a link that nobody sees, so that whatever follows it is a machine.
    """
    count = 0

    def lead(match: re.Match[str]) -> str:
        nonlocal count
        url = unescape(match.group(2)[1:-1]).strip()
        if url in keep or url.lower().startswith(_OTHER_SCHEMES):
            return match.group()
        if not followable(url):
            return match.group(1) + '"#"'
        index, count = count, count + 1
        return f'{match.group(1)}"{escape(click(index, with_utm(url, utm)))}"'

    picture = f'<img src="{escape(pixel)}" width="1" height="1" alt="" style="display:none">'
    if trap:
        picture = f'<a href="{escape(trap)}" style="display:none" aria-hidden="true" tabindex="-1"></a>' + picture
    written = _ANCHOR.sub(lead, html)
    body_end = written.rfind("</body>")
    return written + picture if body_end < 0 else written[:body_end] + picture + written[body_end:]


def automated(*, method: str, headers: Mapping[str, str], at: datetime, handed_off_at: datetime | None) -> bool:
    """Whether a visit is a machine's: HEAD, a scanner's name or none, a prefetch, or within 2 s of the hand-off. `headers`: lower-case names."""
    if method != "GET":
        return True
    agent = headers.get("user-agent", "")
    if not agent or _SCANNERS.search(agent):
        return True
    if any(re.search(r"prefetch|preview|prerender", headers.get(name, ""), re.IGNORECASE) for name in _PREFETCH):
        return True
    return handed_off_at is not None and at - handed_off_at < TOO_FAST
