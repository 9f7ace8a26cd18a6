"""What public pages of forms say and show: fixed texts, Markdown of employees, the seal of a page and its proof of work."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from markdown_it import MarkdownIt

from contracts import links

#: Fields: slug, version, language, when it was shown (seconds since the epoch), nonce, campaign.
SEAL: Final = "form page"
#: A page may stay open for a day.
LASTS: Final = 86_400
#: About 65,000 hashes: a second in a browser, felt by whoever sends thousands.
WORK_BITS: Final = 16

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "send": "Send", "optional": "optional", "choose": "Please choose", "thanks": "Thank you. We have received your message.",
        "errors": "Please check what is marked:", "required": "This is needed.", "email": "This is no e-mail address. Example: anna@example.com",
        "phone": "Please write the number with its country code. Example: +49 30 123456", "number": "Please write a number.",
        "date": "Please write the date as year-month-day. Example: 2027-03-31", "choice": "Please choose one of the answers.",
        "too_long": "This is too long.", "card": "Please write no card number here: nobody needs it from you.", "characters": "This has signs that cannot be stored.",
        "fast": "That was very quick. Please wait two seconds and send it again.",
        "old": "This page was open for long. Nothing is lost: please send it again.",
        "trap": "Please leave the field “Leave this empty” empty and send it again.",
        "often": "Too much was sent from your connection. Please try again in a few minutes.",
        "unavailable": "We could not take it at the moment. Nothing is lost: please send it again.",
        "trap_label": "Leave this empty", "unknown": "There is no such page", "unknown_after": "The address may have been cut off, or the page is no longer there.",
        "other_language": "فارسی",
    },
    "fa": {
        "send": "فرستادن", "optional": "اختیاری", "choose": "انتخاب کنید", "thanks": "سپاسگزاریم. پیام شما به دست ما رسید.",
        "errors": "لطفاً این موارد را بررسی کنید:", "required": "این مورد لازم است.", "email": "این نشانی ایمیل درست نیست. نمونه: anna@example.com",
        "phone": "لطفاً شماره را با کد کشور بنویسید. نمونه: \u2066+98\u00a0912\u00a0123\u00a04567\u2069", "number": "لطفاً یک عدد بنویسید.",
        "date": "لطفاً تاریخ را میلادی به شکل سال-ماه-روز بنویسید. نمونه: 2027-03-31", "choice": "لطفاً یکی از گزینه‌ها را انتخاب کنید.",
        "too_long": "این متن بیش از اندازه بلند است.", "card": "لطفاً شمارهٔ کارت ننویسید: کسی در این‌جا به آن نیاز ندارد.", "characters": "این متن نشانه‌هایی دارد که ذخیره نمی‌شوند.",
        "fast": "خیلی سریع بود. لطفاً دو ثانیه صبر کنید و دوباره بفرستید.",
        "old": "این صفحه مدت زیادی باز بود. چیزی از دست نرفته است: لطفاً دوباره بفرستید.",
        "trap": "لطفاً خانهٔ «این را خالی بگذارید» را خالی بگذارید و دوباره بفرستید.",
        "often": "از اتصال شما پیام‌های زیادی فرستاده شده است. لطفاً چند دقیقهٔ دیگر دوباره تلاش کنید.",
        "unavailable": "اکنون نتوانستیم آن را دریافت کنیم. چیزی از دست نرفته است: لطفاً دوباره بفرستید.",
        "trap_label": "این را خالی بگذارید", "unknown": "چنین صفحه‌ای وجود ندارد", "unknown_after": "شاید بخشی از نشانی افتاده باشد یا صفحه دیگر وجود ندارد.",
        "other_language": "English",
    },
}


class Page(NamedTuple):
    """A page as it was shown to somebody."""

    slug: str
    version: int
    language: str
    shown_at: int
    nonce: str
    campaign: str


def seal(page: Page, *, secret: bytes) -> str:
    """What the page carries; nobody can make one or change it."""
    return links.seal(secret, SEAL, [page.slug, str(page.version), page.language, str(page.shown_at), page.nonce, page.campaign])


def unseal(text: str, *, secret: bytes) -> Page | None:
    """None for what is none of ours."""
    try:
        slug, version, language, shown_at, nonce, campaign = links.open_link(secret, SEAL, text)
        return Page(slug, int(version), language, int(shown_at), nonce, campaign)
    except (links.BadLink, ValueError):
        return None


def has_worked(nonce: str, answer: str, *, bits: int = WORK_BITS) -> bool:
    """Whether SHA-256 of `nonce:answer` begins with that many zero bits."""
    if not answer.isascii() or not answer.isdigit() or len(answer) > 12:
        return False
    digest = hashlib.sha256(f"{nonce}:{answer}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits) == 0


def fault_of_age(page: Page, now: datetime, *, least: float) -> str | None:
    """`fast` or `old`, or None."""
    age = now.timestamp() - page.shown_at
    return "old" if age > LASTS else "fast" if age < least else None


@cache
def _markdown() -> MarkdownIt:
    # Raw HTML stays text, `javascript:` and its like make no link, and no picture is fetched from elsewhere.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def markdown(text: str) -> str:
    """CommonMark with tables as HTML; whatever markup is in it is shown as text."""
    return str(_markdown().render(text))


def chosen_language(wanted: Sequence[str], there: Sequence[str]) -> str:
    """The first wanted language that there is, else English, else the first there is."""
    for language in wanted:
        if language in there:
            return language
    return "en" if "en" in there else there[0]
