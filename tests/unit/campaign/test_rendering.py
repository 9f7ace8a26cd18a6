"""Templates: what they can say, and the limits that no template breaks."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.liquid import TemplateLimit
from chassis.settings import SettingsError
from services.campaign.commands import opening
from services.campaign.domain import compiling, rendering
from services.campaign.domain.compiling import BadTemplate, Compiled
from services.campaign.domain.locales import choose_locale
from services.campaign.outbound.rendering import Renderers

WRAP = "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
DATA: dict[str, Any] = {"customer": {"name": "Ann", "big": "x" * 1000}, "locale": "en", "unsubscribe_url": "https://p/u/1", "preferences_url": "https://p/p/1"}

#: Templates that ask for too much: each ends as a limit, in well under a second, at writing or at rendering.
BOMBS = {
    "nested loops": "{% for i in (1..100000) %}{% for j in (1..100000) %}x{% endfor %}{% endfor %}",
    "doubling by assign": '{% assign a = "xxxxxxxxxxxxxxxx" %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{ a }}',
    "chained replace": '{{ "aaaaaaaaaa"' + ' | replace: "a", "aaaaaaaaaa"' * 8 + " }}",
    "replace of nothing": '{{ customer.big | replace: "", customer.big | replace: "", customer.big }}',
    "too many filters": '{{ "a"' + " | upcase" * 21 + " }}",
    "long range": '{{ (1..1000000000) | join: "x" }}',
    "join with a long separator": "{% assign s = customer.big | append: customer.big %}{{ (1..9999) | join: s }}",
    "doubling list": '{% assign a = "a,b" | split: "," %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}{{ a | size }}',
    "big numbers": "{% assign n = 99999999999 %}{% for i in (1..9000) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
    "many characters": "{% for i in (1..9999) %}" + "y" * 100 + "{% endfor %}",
    "slow": '{% for i in (1..9999) %}{{ (1..9999) | join: "" | size }}{% endfor %}',
    "split into characters": '{% assign t = customer.big | append: customer.big | append: customer.big | append: customer.big %}'
    '{% assign t = t | append: t | append: t | append: t %}{{ t | split: "" | size }}',
}


@pytest_asyncio.fixture
async def renderers() -> AsyncIterator[Renderers]:
    async with Renderers(workers=1) as running:
        yield running


def compiled(body: str, subject: str = "s") -> Compiled:
    return compiling.compile_template(subject=subject, body=WRAP.format(body), locale="en")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", BOMBS)
async def test_bombs_end_as_limits_and_the_sender_goes_on(renderers: Renderers, name: str) -> None:
    good = compiled("Hello {{ customer.name }}")
    await renderers.render([good], [(0, DATA)])
    started = time.perf_counter()
    answer = await renderers.compile(subject="s", body=WRAP.format(BOMBS[name]), locale="en")
    if answer.compiled is None:
        assert answer.problem == "template.limit", answer.detail
    else:
        bad, fine = await renderers.render([answer.compiled, good], [(0, DATA), (1, DATA)])
        assert bad.problem == "template_limit", (bad.problem, bad.detail, len(bad.html))
        assert "Hello Ann" in fine.html
    assert time.perf_counter() - started < 3


@pytest.mark.asyncio
async def test_a_worker_that_dies_costs_only_the_mail_at_fault(renderers: Renderers) -> None:
    good = compiled("Hello {{ customer.name }}")
    # Data this large does not fit into the worker's memory: it dies, and the call is halved until the culprit is alone.
    huge = {**DATA, "customer": {"name": "x" * 300_000_000}}
    mails = await renderers.render([good], [(0, DATA), (0, huge), (0, DATA)])
    assert [mail.problem for mail in mails] == [None, "template_limit", None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{{ customer.name }}", "&lt;b&gt;&#34;&amp;"),
        ("{{ customer.name | upcase }}", "&lt;B&gt;&#34;&amp;"),
        ("{{ customer.name | append: customer.name }}", "&lt;b&gt;&#34;&amp;&lt;b&gt;&#34;&amp;"),
        ('{{ 129900 | money: "EUR" }}', "€1,299.00"),
        ('{{ 129900 | money: "JPY" }}', "¥129,900"),
        ("{{ customer.nobody | default: 'friend' }}", "friend"),
        ("{{ customer.__class__ }}{{ customer.items }}{{ customer.name.__class__ }}", "<div"),
        ("{% if 1 < 2 and customer.name != '' %}yes{% endif %}", "yes"),
    ],
)
def test_values_are_escaped_and_only_values(body: str, expected: str) -> None:
    made = rendering.render(compiled(body), {**DATA, "customer": {"name": '<b>"&'}})
    assert made.problem is None, made.detail
    assert expected in made.html
    assert "<b>" not in made.html
    assert "class &#39;" not in made.html
    assert "built-in" not in made.html


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(125_000_000, "IRR", "۱٬۲۵۰٬۰۰۰"), (1250, "JPY", "۱٬۲۵۰"), (1_250_000, "KWD", "۱٬۲۵۰٫۰۰۰"), (125_000, "EUR", "۱٬۲۵۰٫۰۰"), (1_250_000_000, "IQD", "۱٬۲۵۰٬۰۰۰")],
)
def test_money_in_persian(minor: int, currency: str, shown: str) -> None:
    """Stored by ISO 4217 (rials have two digits there), shown as people write it (without them)."""
    made = rendering.render(compiled(f'{{{{ {minor} | money: "{currency}" }}}}'), {**DATA, "locale": "fa"})
    assert shown in made.html


@pytest.mark.parametrize(
    ("subject", "body", "part"),
    [
        ("", WRAP.format("x"), "subject"),
        ("two\nlines", WRAP.format("x"), "subject"),
        ("{{ open", WRAP.format("x"), "subject"),
        ("s", "<html></html>", "body"),
        ("s", "plain", "body"),
        ("s", WRAP.format("{% if x %}"), "body"),
        ("s", WRAP.format("{{ x | safe }}"), "body"),
        ("s", WRAP.format("{{ x | nonsense }}"), "body"),
        ("s", WRAP.format("{% include 'other' %}"), "body"),
        ("s", WRAP.format("<script>alert(1)</script>"), "body"),
        ("s", WRAP.format('<a href="javascript:alert(1)">x</a>'), "body"),
        ("s", WRAP.format('<a href=" jAvAscript:alert(1)">x</a>'), "body"),
        ("s", WRAP.format('<img src="x" onerror="alert(1)">'), "body"),
        ("s", WRAP.format("<iframe src='https://x'></iframe>"), "body"),
        ("s", WRAP.format("x").replace("<mj-section>", '<mj-include path="/etc/passwd" /><mj-section>'), "body"),
        ("s", WRAP.format("<b>unclosed"), "body"),
    ],
)
def test_bad_templates_are_refused_when_they_are_written(subject: str, body: str, part: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        compiling.compile_template(subject=subject, body=body, locale="en")
    assert refused.value.part == part


def test_deep_nesting_is_a_limit() -> None:
    with pytest.raises((BadTemplate, TemplateLimit)):
        compiled("{% if true %}" * 400 + "{% endif %}" * 400)
    with pytest.raises(TemplateLimit):
        compiled("<div>" * 5000 + "</div>" * 5000)


def test_liquid_passes_through_markup_and_text_follows() -> None:
    body = (
        '<mjml><mj-body><mj-section><mj-column>{% for p in customer.products %}<mj-text>{{ p.name }}: {{ p.price | money: "EUR" }}</mj-text>'
        '<mj-button href="https://shop.example/{{ p.id }}">Buy</mj-button>{% endfor %}</mj-column></mj-section></mj-body></mjml>'
    )
    made = rendering.render(
        compiling.compile_template(subject="{{ customer.products.size }} offers", body=body, locale="en"),
        {**DATA, "customer": {"products": [{"name": "Tea", "price": 450, "id": "t"}, {"name": "Rice & more", "price": 1200, "id": "r"}]}},
    )
    assert made.subject == "2 offers"
    assert 'href="https://shop.example/r"' in made.html
    assert "Rice &amp; more" in made.html
    assert "Rice & more: €12.00" in made.text
    assert "https://shop.example/t" in made.text
    assert "https://p/u/1" in made.html
    assert "https://p/u/1" in made.text


def test_a_preview_names_what_is_undefined() -> None:
    template = compiled("{{ customer.town }}")
    assert rendering.render(template, DATA).problem is None
    strict = rendering.render(template, DATA, strict=True)
    assert strict.problem == "template_error"
    assert "town" in strict.detail


@pytest.mark.parametrize(
    ("language", "expected"), [("fa", "fa"), ("fa-IR", "fa"), ("FA_ir", "fa"), ("de", "en"), (None, "en"), ("", "en"), ("en-GB", "en")]
)
def test_locale_falls_back_in_order(language: str | None, expected: str) -> None:
    assert choose_locale(["fa", "en", "tr"], language=language, fallback=["en", "fa"]) == expected
    assert choose_locale(["tr", "az"], language="de", fallback=["en"]) == "az"


@pytest.mark.parametrize(
    ("language", "expected"), [("ckb", "fa"), ("ckb-IQ", "fa"), ("az", "tr"), ("az-Arab", "fa"), ("de", "en"), ("en", "en"), (None, "en")]
)
def test_each_language_has_an_order_of_its_own(language: str | None, expected: str) -> None:
    """C6"""
    orders = opening.languages("ckb=ar fa, az=tr, az-Arab=fa")
    assert choose_locale(["fa", "en", "tr"], language=language, fallback=["en"], orders=orders) == expected


@pytest.mark.parametrize("text", ["ckb", "ckb=", "=fa", "ckb=fa;az=tr", "k=fa"])
def test_orders_that_cannot_be(text: str) -> None:
    with pytest.raises(SettingsError, match="ECRM_CAMPAIGN_LANGUAGES"):
        opening.languages(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}%|<>a'\"& \n=:,.1(x)if"), max_size=60))
def test_no_text_breaks_the_compiler(text: str) -> None:
    """Any text compiles, or is refused in words; what compiles renders or says why not."""
    try:
        template = compiled(text)
    except (BadTemplate, TemplateLimit):
        return
    made = rendering.render(template, DATA)
    assert made.problem in (None, "template_error", "template_limit")


def test_persian_is_written_from_right_to_left_without_being_told() -> None:
    fa = compiling.compile_template(subject="سلام", body=WRAP.format("سلام"), locale="fa")
    assert '<html lang="fa" dir="rtl"' in fa.html
    assert "لغو دریافت" in fa.html
    own = compiling.compile_template(subject="s", body=WRAP.format("x").replace("<mjml>", '<mjml lang="he" dir="rtl">'), locale="en")
    assert '<html lang="he" dir="rtl"' in own.html


@pytest.mark.parametrize("opening", ["<mjml>", '<mjml lang="fa" dir="rtl">'])
def test_a_persian_mail_reads_from_right_to_left(opening: str) -> None:
    """MJML's own defaults would turn its sections back."""
    body = WRAP.format("{{ customer.name }} گرامی، سلام.").replace("<mjml>", opening)
    html = compiling.compile_template(subject="سلام", body=body, locale="fa").html
    assert 'dir="rtl"' in html
    assert "direction:ltr" not in html
    assert "text-align:right" in html


def test_what_the_author_said_about_direction_stays() -> None:
    body = WRAP.replace("<mj-text>", '<mj-text align="center">').format("سلام")
    assert "text-align:center" in compiling.compile_template(subject="سلام", body=body, locale="fa").html
