"""The page behind a programme's link: one question, one button; English and Persian, no script, no picture, nothing personal on it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "answer": "How satisfied were you?", "scale": "1: not at all. 5: very.", "words": "What should we do better?", "redeem": "Take your reward",
        "join": "Join the group", "send": "Send", "thanks": "Thank you.", "done": "Done.", "again": "You did this already.",
        "refused": "This is not possible (any more).",
    },
    "fa": {
        "answer": "چقدر راضی بودید؟", "scale": "۱: اصلاً، ۵: بسیار", "words": "چه چیزی را بهتر کنیم؟", "redeem": "هدیه خود را بگیرید",
        "join": "به گروه بپیوندید", "send": "ارسال", "thanks": "سپاس از شما.", "done": "انجام شد.", "again": "این کار پیش‌تر انجام شده است.",
        "refused": "این کار (دیگر) ممکن نیست.",
    },
}
ACTIONS: Final = ("answer", "redeem", "join")


def ask(action: str, *, language: str) -> str:
    """The page that asks; nothing happens before its button is pressed, so that whatever follows links does nothing."""
    words = WORDS[language]
    inner = ""
    if action == "answer":
        choices = " ".join(
            f'<label><input type="radio" name="score" value="{score}" required> {_digit(score, language)}</label>' for score in range(1, 6)
        )
        inner = f'<p>{words["scale"]}</p><p>{choices}</p><p><label>{words["words"]}<br><textarea name="words" maxlength="2000"></textarea></label></p>'
    return _page(words[action], f'<form method="post">{inner}<button>{words["send"]}</button></form>', language)


def told(outcome: str, *, language: str) -> str:
    """The page after it: thanks, done, again or refused."""
    return _page(WORDS[language][outcome], "", language)


def language_of(accepted: str) -> str:
    """Fa where a browser prefers it, else en."""
    first = accepted.split(",", maxsplit=1)[0].strip().lower()
    return "fa" if first.startswith("fa") else "en"


def _digit(number: int, language: str) -> str:
    return "۰۱۲۳۴۵"[number] if language == "fa" else str(number)


def _page(title: str, inner: str, language: str) -> str:
    direction = "rtl" if language == "fa" else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{inner}</body></html>'
    )
