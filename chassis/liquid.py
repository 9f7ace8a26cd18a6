"""Liquid as users may write it, in mails and replies: automatic escaping, limits on loops, sizes and depth, and filters that cannot explode."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any, Final

from babel import numbers
from liquid import Environment, StrictDefaultUndefined, Undefined
from liquid.exceptions import FilterArgumentError, LiquidError, ResourceLimitError
from liquid.filter import with_context

from contracts.jalali import to_jalali
from contracts.money import exponent

LARGEST_TEXT: Final = 256 * 1024
LONGEST_LIST: Final = 10_000
LARGEST_NUMBER_BITS: Final = 256
MOST_FILTERS: Final = 20

#: Filters that hand text past the escaping, or make no sense in mail.
WITHHELD: Final = ("safe", "escapejs", "base64_decode", "base64_url_safe_decode")

TAG: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")

_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")

Filter = Callable[..., Any]


class TemplateLimit(ResourceLimitError):
    """A template wants more than it may have."""

    def __init__(self, message: str) -> None:
        super().__init__(message, token=None)


def check_filter_count(source: str) -> None:
    """Raises TemplateLimit when one expression chains more than 20 filters."""
    for tag in TAG.findall(source):
        if _QUOTED.sub("", tag).count("|") > MOST_FILTERS:
            raise TemplateLimit(f"one expression may have at most {MOST_FILTERS} filters")


def _check(value: object) -> None:
    if isinstance(value, str):
        if len(value) > LARGEST_TEXT:
            raise TemplateLimit("a text grew too long")
    elif isinstance(value, (list, tuple, range)):
        if len(value) > LONGEST_LIST:
            raise TemplateLimit("a list grew too long")
    elif isinstance(value, int) and value.bit_length() > LARGEST_NUMBER_BITS:
        raise TemplateLimit("a number grew too large")


def _length(value: object) -> int:
    return 0 if value is None else len(str(value))


def _size_of_replace(value: object, seq: object = "", sub: object = "") -> int:
    text, sought = str(value), str(seq)
    found = text.count(sought) if sought else len(text) + 1
    return len(text) + found * max(0, _length(sub) - len(sought))


def _size_of_join(value: object, separator: object = " ") -> int:
    items: Sequence[object] = value if isinstance(value, (list, tuple, range)) else [value]
    return sum(_length(item) for item in items) + len(items) * _length(separator)


def _size_of_two(value: object, other: object = "") -> int:
    return _length(value) + _length(other)


def _size_of_split(value: object, separator: object = " ") -> int:
    text, sought = str(value), str(separator)
    pieces = text.count(sought) + 1 if sought else len(text)
    return LARGEST_TEXT + 1 if pieces > LONGEST_LIST else len(text)


def _size_of_times(value: object, other: object = 0) -> int:
    bits = sum(number.bit_length() for number in (value, other) if isinstance(number, int))
    return LARGEST_TEXT + 1 if bits > LARGEST_NUMBER_BITS else 0


#: How large a result will be, asked before it is made.
_FORESEEN: Final[Mapping[str, Callable[..., int]]] = {
    "replace": _size_of_replace, "join": _size_of_join, "append": _size_of_two, "prepend": _size_of_two,
    "split": _size_of_split, "times": _size_of_times,
}


def _capped(name: str, inner: Filter) -> Filter:
    foresee = _FORESEEN.get(name)

    @wraps(inner)
    def run(value: object, *arguments: object, **named: Any) -> Any:
        for each in (value, *arguments):
            _check(each)
        if foresee is not None and len(arguments) <= 2 and foresee(value, *arguments) > LARGEST_TEXT:
            raise TemplateLimit(f"the filter {name} would make too much")
        try:
            result = inner(value, *arguments, **named)
        except (OverflowError, ArithmeticError) as error:
            raise FilterArgumentError(f"{name}: {type(error).__name__}", token=None) from None
        _check(result)
        return result

    return run


@with_context
def money(value: object, currency: object = "", *, context: Any) -> str:
    """Minor units as an amount of money in the mail's language: `{{ 129900 | money: "EUR" }}` -> €1,299.00."""
    code = str(currency)
    if not _CURRENCY.fullmatch(code):
        raise FilterArgumentError("money: name the currency by its three letters, for example money: 'EUR'", token=None)
    if isinstance(value, Undefined) or value is None or value == "":
        return ""
    return _amount(str(value), code, str(context.resolve("locale", default="en")) or "en")


@lru_cache(maxsize=4096)  # the same prices stand in very many mails, and writing one costs a third of a mail
def _amount(value: str, code: str, locale: str) -> str:
    try:
        minor = Decimal(value)
        amount = minor.scaleb(-exponent(code))
    except ArithmeticError:
        raise FilterArgumentError("money: not a number of minor units", token=None) from None
    if not minor.is_finite() or abs(minor) >= Decimal(10) ** 18:
        raise FilterArgumentError("money: not an amount", token=None)
    if locale != "fa":
        return numbers.format_currency(amount, code, locale="en")
    return numbers.format_currency(amount, code, locale="fa", numbering_system="default").translate(_PERSIAN_DIGITS)


_JALALI_MONTHS: Final = {
    "en": ("Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar", "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"),
    "fa": ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
}


@with_context
def jalali(value: object, form: object = "long", *, context: Any) -> str:
    """A day in the Jalali calendar, in the mail's language: `{{ customer.birthday | jalali }}` -> 2 Azar 1405; `jalali: "short"` -> 1405/09/02.

    The day is the one that is written (`2026-11-23` or a time with it), whatever the zone; what is no day is empty.
    """
    day = _day(value)
    if day is None:
        return ""
    try:
        year, month, number = to_jalali(day)
    except ValueError:
        return ""
    language = "fa" if str(context.resolve("locale", default="en")) == "fa" else "en"
    text = f"{year:04}/{month:02}/{number:02}" if str(form) == "short" else f"{number} {_JALALI_MONTHS[language][month - 1]} {year}"
    return text.translate(_PERSIAN_DIGITS) if language == "fa" else text


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


class MailLiquid(Environment):
    """Liquid within limits; undefined is empty, as recipients differ."""

    loop_iteration_limit = LONGEST_LIST
    output_stream_limit = LARGEST_TEXT
    local_namespace_limit = LARGEST_TEXT
    context_depth_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for name in WITHHELD:
            self.filters.pop(name, None)
        for tag in ("include", "render"):
            self.tags.pop(tag, None)
        self.filters["money"] = money
        self.filters["jalali"] = jalali
        for name, inner in list(self.filters.items()):
            self.filters[name] = _capped(name, inner)


def environment(*, escape: bool, strict: bool = False) -> Environment:
    """An environment for HTML (`escape`) or for text and subjects; `strict` refuses undefined names, for previews."""
    return MailLiquid(autoescape=escape, strict_filters=True, undefined=StrictDefaultUndefined if strict else Undefined)


def fault_of(source: str) -> str | None:
    """What is wrong with a source, in one line for its author; None for a good one. Raises TemplateLimit for one that wants too much."""
    check_filter_count(source)
    used = environment(escape=False)
    try:
        unknown = sorted(set(used.from_string(source).analyze().filters) - set(used.filters))
    except TemplateLimit:
        raise
    except LiquidError as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    except RecursionError:
        raise TemplateLimit("the template is nested too deeply") from None
    return f"there is no filter {unknown[0]}" if unknown else None
