"""What a form must have, what answers mean, and what pages show (U40)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import form_pages, forms
from services.interaction.domain.form_pages import Page
from services.interaction.domain.forms import Form

SECRET = b"s" * 32
EMAIL: dict[str, Any] = {"name": "email", "type": "email", "label": {"en": "E-mail"}, "required": True}


def form(*fields: dict[str, Any], **more: Any) -> Form:
    return msgspec.convert({"title": {"en": "Demo"}, "fields": [EMAIL, *fields], **more}, Form)


def test_definitions_that_make_no_form() -> None:
    choice: dict[str, Any] = {"name": "size", "type": "select", "label": {"en": "Size"}, "options": [{"value": "s", "label": {"en": "S"}}]}
    consent: dict[str, Any] = {"purpose": "news", "channel": "email", "text": {"en": "yes"}}
    forms.check(form(choice, consents=[consent]))
    for bad, pointer in (
        (form(EMAIL), "/fields/1/name"), (form({**choice, "label": {"fa": "x"}}), "/fields/1/label"), (form({**choice, "options": []}), "/fields/1/options"),
        (form({**choice, "type": "text"}), "/fields/1/options"), (form({**choice, "options": choice["options"] * 2}), "/fields/1/options"),
        (form(consents=[{**consent, "text": {}}]), "/consents/0/text"), (form(consents=[consent, consent]), "/consents"),
        (msgspec.convert({"title": {"en": "x"}, "fields": [{**EMAIL, "required": False}]}, Form), "/fields"),
    ):
        with pytest.raises(forms.BadForm) as found:
            forms.check(bad)
        assert found.value.pointer == pointer


@pytest.mark.parametrize(
    ("kind", "text", "value", "fault"),
    [
        ("phone", "۰۰۹۸ ۹۱۲ ۱۲۳ ۴۵۶۷", "+989121234567", None), ("phone", "12", None, "phone"), ("number", "۱۲٫۵", 12.5, None), ("number", "-7", -7, None),
        ("number", "1e400", None, "number"), ("date", "۲۰۲۷-۰۳-۳۱", "2027-03-31", None), ("date", "31.3.27", None, "date"), ("text", "a\nb", None, "characters"),
        ("text", "a\x07", None, "characters"), ("textarea", "a\r\nb", "a\nb", None), ("text", "x" * 301, None, "too_long"),
    ],
)
def test_answers_are_read_as_people_write_them(kind: str, text: str, value: Any, fault: str | None) -> None:
    one = form({"name": "it", "type": kind, "label": {"en": "It"}})
    answers, _, faults = forms.read_answers(one, {"email": ["a@b.example"], "it": [text]})
    assert (answers.get("it"), faults.get("it")) == (value, fault)


def test_nobody_chooses_what_is_not_offered_and_needed_consent_is_needed() -> None:
    one = form(
        {"name": "size", "type": "radio", "label": {"en": "Size"}, "options": [{"value": "s", "label": {"en": "S"}}]},
        {"name": "agree", "type": "checkbox", "label": {"en": "Agree"}, "required": True},
        consents=[{"purpose": "news", "channel": "email", "text": {"en": "yes"}, "required": True}],
    )
    _, given_consents, faults = forms.read_answers(one, {"email": ["nobody"], "size": ["xxl"], "other": ["x"]})
    assert (given_consents, faults) == ([], {"email": "email", "size": "choice", "agree": "required", "consent.news.email": "required"})


@given(st.text(max_size=400), st.text(max_size=80))
def test_whatever_is_sent_is_read_or_refused(text: str, address: str) -> None:
    one = form(*({"name": f"x_{kind}", "type": kind, "label": {"en": "x"}} for kind in forms.TEXTS))
    answers, _, faults = forms.read_answers(one, {"email": [address], **{f"x_{kind}": [text] for kind in forms.TEXTS}})
    assert not set(answers) & set(faults)
    assert all("\x00" not in str(value) for value in answers.values())


def test_equal_submissions_have_one_id() -> None:
    ids = [
        forms.submission_id(slug="demo", nonce=nonce, answers=answers, consents=[])
        for nonce, answers in (("n", {"a": 1, "b": 2}), ("n", {"b": 2, "a": 1}), ("n", {"a": 1, "b": 3}), ("m", {"a": 1, "b": 2}))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_page_s_seal_and_its_work() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    page = Page("demo", 3, "fa", int(now.timestamp()), "nonce", "spring")
    sealed = form_pages.seal(page, secret=SECRET)
    assert form_pages.unseal(sealed, secret=SECRET) == page
    assert form_pages.unseal(sealed[:-2] + "AA", secret=SECRET) is None
    assert form_pages.unseal("", secret=SECRET) is None
    ages = [form_pages.fault_of_age(page, now + timedelta(seconds=age), least=2) for age in (0, 2, 86_400, 86_401)]
    assert ages == ["fast", None, None, "old"]
    answer = next(n for n in range(100_000) if hashlib.sha256(f"nonce:{n}".encode()).digest()[0] == 0)
    assert form_pages.has_worked("nonce", str(answer), bits=8)
    for wrong in ("", "x", "²", "-1", "9" * 13):
        assert not form_pages.has_worked("nonce", wrong, bits=0)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '<img src=x onerror="1">', "[x](javascript:alert(1))", "![x](https://example.com/x.png)", "<b onclick=x>"])
def test_markdown_never_becomes_markup_that_acts(text: str) -> None:
    shown = form_pages.markdown(text)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b" not in shown
    assert 'href="javascript' not in shown


def test_markdown_is_shown() -> None:
    assert form_pages.markdown("# T\n\n*a* [b](https://example.com)") == '<h1>T</h1>\n<p><em>a</em> <a href="https://example.com">b</a></p>\n'


def test_both_languages_say_everything() -> None:
    assert set(form_pages.TEXTS["en"]) == set(form_pages.TEXTS["fa"])
    assert form_pages.chosen_language(["de", "fa"], ["en", "fa"]) == "fa"
    assert form_pages.chosen_language(["de"], ["fa"]) == "fa"
