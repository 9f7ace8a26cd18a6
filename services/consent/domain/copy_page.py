"""The readable page of a copy: plain HTML with everything in one file, left to right or right to left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Final

import msgspec

from services.consent.domain.copy_texts import TEXTS

#: More of one table stands in the JSON file alone.
MOST_ROWS: Final = 200
LONGEST_VALUE: Final = 2000
_RIGHT_TO_LEFT: Final = frozenset({"fa", "ar", "he"})
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_STYLE: Final = (
    "body{font:16px/1.6 system-ui,Vazirmatn,'Segoe UI',Tahoma,sans-serif;margin:0;background:#f4f5f7;color:#1b1c1f}"
    "main{max-width:64rem;margin:auto;padding:2rem 1rem}section{background:#fff;border:1px solid #d9dce1;border-radius:.7rem;padding:1rem 1.25rem;margin-top:1rem}"
    "h1{font-size:1.7rem}h2{font-size:1.2rem;margin:.2rem 0}table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    "th,td{text-align:start;vertical-align:top;padding:.35rem .5rem;border-top:1px solid #d9dce1;overflow-wrap:anywhere}"
    ".soft{color:#5a5f68}details{margin:.4rem 0}summary{cursor:pointer;font-weight:600}.row{border-top:1px solid #d9dce1;padding:.3rem 0}"
    "dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.1rem .8rem;margin:0}dt{color:#5a5f68}dd{margin:0;overflow-wrap:anywhere}"
)


@dataclass
class Table:
    """One table of one service as the page shows it: the first rows, and how many there are."""

    service: str
    table: str
    category: str
    origin: str
    count: int = 0
    shown: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        self.count += 1
        if len(self.shown) < MOST_ROWS:
            self.shown.append(row)


def language_of(asked: str | None) -> str:
    """The language of the page: the one asked for if there is a text, else English."""
    own = (asked or "").replace("_", "-").partition("-")[0].lower()
    return own if own in TEXTS else "en"


def page(
    *, language: str, kind: str, organisation: str, at: datetime, purposes: Sequence[Mapping[str, Any]], tables: Sequence[Table], kept: Mapping[str, int | None]
) -> str:
    """The whole page. `purposes`: title, basis, channels, allowed; `kept`: days by category, None without an end."""
    texts = TEXTS[language]
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    shown = [table for table in tables if table.count]
    parts = [
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">',
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(texts["title"])}</title><style>{_STYLE}</style></head><body><main>',
        f"<h1>{escape(texts['title'])}</h1>",
        f"<p>{escape(texts['lead'].format(organisation=organisation, date=_number(at.date().isoformat(), language)))}</p>",
        f"<p>{escape(texts['portability'])}</p>" if kind == "portability" else "",
        _section(texts["purposes"], _purposes(purposes, language)),
        _section(texts["held"], _overview(shown, kept, language) + "".join(_table(table, language) for table in shown)),
        _section(texts["recipients"], f"<p>{escape(texts['recipients_text'])}</p>"),
        _section(texts["automated"], f"<p>{escape(texts['automated_text'])}</p>"),
        _section(texts["rights"], f"<p>{escape(texts['rights_text'])}</p>"),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _purposes(purposes: Sequence[Mapping[str, Any]], language: str) -> str:
    texts = TEXTS[language]
    head = "".join(f'<th scope="col">{escape(texts[name])}</th>' for name in ("purpose", "basis", "channels", "allowed"))
    rows = "".join(
        f"<tr><td><bdi>{escape(str(one['title']))}</bdi></td><td><bdi>{escape(str(one['basis']))}</bdi></td><td><bdi>{escape(str(one['channel']))}</bdi></td>"
        f"<td>{escape(texts['yes' if one['allowed'] else 'no'])}</td></tr>"
        for one in purposes
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _overview(tables: Sequence[Table], kept: Mapping[str, int | None], language: str) -> str:
    texts = TEXTS[language]
    head = "".join(f'<th scope="col">{escape(texts[name])}</th>' for name in ("category", "part", "origin", "rows", "kept"))
    rows = []
    for table in tables:
        days = kept.get(table.category)
        lasts = texts["no_end"] if days is None else texts["days"].format(days=_number(str(days), language))
        rows.append(
            f"<tr><td>{escape(texts.get(table.category, table.category))}</td><td><bdi>{escape(table.service)}/{escape(table.table)}</bdi></td>"
            f"<td>{escape(texts.get(table.origin, table.origin))}</td><td>{_number(str(table.count), language)}</td><td>{escape(lasts)}</td></tr>"
        )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _table(table: Table, language: str) -> str:
    texts = TEXTS[language]
    rows = "".join(f'<div class="row"><dl>{_values(row)}</dl></div>' for row in table.shown)
    hidden = table.count - len(table.shown)
    rest = f'<p class="soft">{escape(texts["more"].format(number=_number(str(hidden), language), file=table.service + ".json"))}</p>' if hidden else ""
    title = f"{texts.get(table.category, table.category)}: <bdi>{escape(table.service)}/{escape(table.table)}</bdi> ({_number(str(table.count), language)})"
    return f"<details><summary>{title}</summary>{rows}{rest}</details>"


def _values(row: Mapping[str, Any]) -> str:
    return "".join(
        f'<dt><bdi>{escape(str(name))}</bdi></dt><dd dir="auto">{escape(_text(value)[:LONGEST_VALUE])}</dd>'
        for name, value in row.items() if value not in (None, "", [], {})
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _number(text: str, language: str) -> str:
    return text.translate(_PERSIAN_DIGITS) if language == "fa" else text
