"""A template is compiled once, when it is written: MJML becomes HTML with the Liquid tags still in it, and a text part is made."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

import mrml
import msgspec
from liquid.exceptions import LiquidError

from chassis import liquid as limits
from chassis.liquid import TAG, TemplateLimit

#: What a template is written in.
MJML: Final = "mjml"
TEXT: Final = "text"
LONGEST_SOURCE: Final = 200_000
LONGEST_SUBJECT: Final = 1_000
DEEPEST_MARKUP: Final = 100

_FORBIDDEN_TAGS: Final = frozenset({"script", "iframe", "object", "embed", "form", "input", "button", "base", "svg", "math"})
_BLOCKS: Final = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "br"})
_UNSEEN: Final = frozenset({"style", "title", "head", "noscript"})
_FOOTER: Final = {
    "en": ("You receive this because you agreed to it.", {"unsubscribe_url": "Unsubscribe", "preferences_url": "Your choices and your data"}),
    "fa": ("این پیام را با رضایت شما فرستاده‌ایم.", {"unsubscribe_url": "لغو دریافت", "preferences_url": "انتخاب‌ها و داده‌های شما"}),
}
_RIGHT_TO_LEFT: Final = frozenset({"fa", "ar", "he", "ur", "ckb", "ps"})
_FOOTER_STYLE: Final = "font:12px sans-serif;color:#666;text-align:center"


class Compiled(msgspec.Struct, frozen=True):
    """One locale of a template, ready for Liquid: three Liquid sources, and the variables they use."""

    subject: str
    html: str
    text: str
    names: tuple[str, ...] = ()


class BadTemplate(ValueError):
    """What is wrong with a template, in words for its author; `part` is subject or body."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


def compile_template(*, subject: str, body: str, locale: str, form: str = MJML) -> Compiled:
    """Check and compile one locale; a `form` text has no HTML. Raises BadTemplate; TemplateLimit where a limit is exceeded."""
    if not subject.strip() or len(subject) > LONGEST_SUBJECT or re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", subject):
        raise BadTemplate("subject", f"a subject is one line of 1 to {LONGEST_SUBJECT} characters without control characters")
    if len(body) > LONGEST_SOURCE:
        raise BadTemplate("body", f"a body has at most {LONGEST_SOURCE} characters")
    for part, source in (("subject", subject), ("body", body)):
        _check_liquid(part, source)
    names = _variables(subject, body)
    if form == TEXT:
        return Compiled(subject=" ".join(subject.split()), html="", text=body, names=names)
    html = _to_html(_with_language(body, locale))
    text = _to_text(html)
    missing = [name for name in ("unsubscribe_url", "preferences_url") if name not in body]
    if missing:
        html = html.replace("</body>", _footer(missing, locale) + "</body>", 1)
        text += "\n\n-- \n" + "".join(f"{{{{ {name} }}}}\n" for name in missing)
    if "postal_address" not in body:
        html = html.replace("</body>", f'{{% if postal_address != blank %}}<p style="{_FOOTER_STYLE}">{{{{ postal_address }}}}</p>{{% endif %}}</body>', 1)
        text += "{% if postal_address != blank %}\n{{ postal_address }}\n{% endif %}"
    for part, source in (("subject", subject), ("body", html), ("body", text)):
        _check_liquid(part, source)
    return Compiled(subject=" ".join(subject.split()), html=html, text=text, names=names)


def _variables(*sources: str) -> tuple[str, ...]:
    """The variables that sources take from outside, as they are written: `customer.town`."""
    environment = limits.environment(escape=True)
    found = {
        ".".join(str(segment) for segment in variable.segments)
        for source in sources for used in environment.from_string(source).analyze().globals.values() for variable in used
    }
    return tuple(sorted(found))


def _footer(missing: list[str], locale: str) -> str:
    """The links every mail has, as far as the author left them out; why it was sent only where the author did not say how to stop it."""
    language = "fa" if locale.startswith("fa") else "en"
    reason, labels = _FOOTER[language]
    words = [reason] if "unsubscribe_url" in missing else []
    words += [f'<a href="{{{{ {name} }}}}">{labels[name]}</a>' for name in missing]
    direction = ' dir="rtl"' if language == "fa" else ""
    return f'<p{direction} style="{_FOOTER_STYLE}">{" ".join(words)}</p>'


def _with_language(body: str, locale: str) -> str:
    """Say the language and direction of the mail, unless the author did; MJML takes them from its outermost element.

    MJML writes `direction:ltr` into every section and aligns text to the left by itself: in a right-to-left mail that would put
    full stops and commas on the wrong side, so both are turned where the author left them open.
    """
    opening = re.match(r"\s*<mjml\b[^>]*", body)
    if opening is None:
        return body
    if not re.search(r"\s(lang|dir)\s*=", opening.group()):
        direction = "rtl" if locale.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"
        body = re.sub(r"<mjml\b", f'<mjml lang="{locale}" dir="{direction}"', body, count=1)
    elif not re.search(r"\sdir\s*=\s*.rtl", opening.group()):
        return body
    if 'dir="rtl"' in body[:200]:
        for element, attribute, value in (("mj-section", "direction", "rtl"), ("mj-column", "direction", "rtl"), ("mj-text", "align", "right")):
            body = re.sub(rf"<{element}(?![^>]*\s{attribute}\s*=)\b", f'<{element} {attribute}="{value}"', body)
    return body


def _check_liquid(part: str, source: str) -> None:
    limits.check_filter_count(source)
    environment = limits.environment(escape=True)
    try:
        used = environment.from_string(source).analyze().filters
    except TemplateLimit:
        raise
    except LiquidError as error:
        raise BadTemplate(part, f"Liquid: {_first_line(error)}") from None
    except RecursionError:
        raise TemplateLimit("the template is nested too deeply") from None
    unknown = sorted(set(used) - set(environment.filters))
    if unknown:
        raise BadTemplate(part, f"Liquid: there is no filter {unknown[0]}")


def _first_line(error: LiquidError) -> str:
    return str(error).strip().splitlines()[0][:300]


def _to_html(body: str) -> str:
    """MJML to HTML. Liquid tags travel through as marks, so that quotes and `<` in them do not disturb the markup."""
    tags: list[str] = []

    def hide(match: re.Match[str]) -> str:
        tags.append(match.group())
        return f"lq{len(tags) - 1:05d}ql"

    hidden = TAG.sub(hide, body)
    if not re.match(r"\s*<mjml[\s>]", hidden):
        raise BadTemplate("body", "a body is MJML and begins with <mjml>")
    if re.search(r"<mj-include", hidden):
        raise BadTemplate("body", "mj-include is not supported: put the parts into the body")
    depth = 0
    for opening in re.finditer(r"<(/?)[A-Za-z][^>]*?(/?)>", hidden):
        depth += -1 if opening.group(1) else 0 if opening.group(2) else 1
        if depth > DEEPEST_MARKUP:
            raise TemplateLimit("the markup is nested too deeply")
    try:
        html: str = mrml.to_html(hidden, render_options=mrml.RenderOptions(disable_comments=True, fonts={})).content
    except OSError as error:
        raise BadTemplate("body", f"MJML: {error}") from None
    lost = [tag for index, tag in enumerate(tags) if f"lq{index:05d}ql" not in html]
    if lost:
        raise BadTemplate("body", f"MJML has no place for {lost[0][:60]} where it stands: put it inside mj-text or mj-raw")
    html = re.sub(r"lq(\d{5})ql", lambda found: tags[int(found.group(1))], html)
    _Inspection().check(html)
    return html


class _Inspection(HTMLParser):
    """Refuses what no mail may carry. Values are escaped when they are filled in, so only the author's own markup is to be seen here."""

    def check(self, html: str) -> None:
        # Conditional comments for Outlook hide markup from this parser; look into them too.
        self.feed(re.sub(r"<!--\[if[^\]]*\]>|<!\[endif\]-->", "", TAG.sub("liquid", html)))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FORBIDDEN_TAGS:
            raise BadTemplate("body", f"<{tag}> is not allowed in a mail")
        for name, value in attrs:
            if name.startswith("on"):
                raise BadTemplate("body", f"the attribute {name} is not allowed in a mail")
            scheme = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name in ("href", "src", "action", "background") and scheme.startswith(("javascript:", "vbscript:", "data:text")):
                raise BadTemplate("body", f"{name} may not run a script")


class _Text(HTMLParser):
    """The readable text of the compiled HTML; links keep their address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a":
            self._link = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._link:
            self.parts.append(f" ({self._link})")
            self._link = None

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))


def _to_text(html: str) -> str:
    tags: list[str] = []

    def hide(match: re.Match[str]) -> str:
        tags.append(match.group())
        return f"lq{len(tags) - 1:05d}ql"

    reader = _Text()
    reader.feed(TAG.sub(hide, re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)))
    reader.close()
    lines = [line.strip() for line in "".join(reader.parts).splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    # Liquid that stands in the head (style, title) has no place in the text; loops and conditions around it must stay balanced.
    kept = {int(number) for number in re.findall(r"lq(\d{5})ql", text)}
    missing = "".join(tag for index, tag in enumerate(tags) if index not in kept and tag.startswith("{%"))
    if missing:
        return _without_liquid(text)
    return re.sub(r"lq(\d{5})ql", lambda found: unescape(tags[int(found.group(1))]), text) + "\n"


def _without_liquid(text: str) -> str:
    return re.sub(r"lq\d{5}ql", "", text) + "\n"
