"""Words of articles, and replies within limits (U18)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import knowledge, replies


@pytest.mark.parametrize(
    ("one", "other"), [("كتاب‌هاي", "کتابهای"), ("۱۲۳", "123"), ("Ärger", "arger"), ("STRASSE", "straße"), ("مُحَمَّد", "محمد"), ("آب", "اب")]
)
def test_two_spellings_are_one_word(one: str, other: str) -> None:
    assert knowledge.folded(one) == knowledge.folded(other)


def test_titles_count_more_than_tags_and_tags_more_than_bodies() -> None:
    found = knowledge.weights(title="Return goods", body="the invoice is in the parcel, the parcel", tags=["refund"])
    assert found == {"return": 8, "goods": 8, "refund": 5, "parcel": 2, "invoice": 1}


def test_words_are_found_begun_inside_and_misspelt() -> None:
    vocabulary = ["return", "returning", "invoice", "faktor", "بازگشت", "بازگرداندن"]
    assert knowledge.near("return", vocabulary) == {"return": 1.0, "returning": 0.8}
    assert set(knowledge.near("retrun", vocabulary)) == {"return"}
    assert set(knowledge.near("بازکشت", vocabulary)) == {"بازگشت"}
    assert set(knowledge.near("voice", vocabulary)) == {"invoice"}
    assert knowledge.near("xyz", vocabulary) == {}


def test_who_has_more_of_the_words_comes_first() -> None:
    meanings = [{"return": 1.0}, {"shoes": 1.0}]
    rated = knowledge.rank(meanings, {"a": {"return": 8}, "b": {"return": 1, "shoes": 1}, "c": {"hat": 8}})
    assert [key for _, key in rated] == ["b", "a"]


def test_stop_words_count_when_there_is_nothing_else() -> None:
    assert knowledge.wanted("how do I return shoes") == ["return", "shoes"]
    assert knowledge.wanted("what is this") == ["what", "is", "this"]


@given(st.text(max_size=200))
def test_any_text_can_be_looked_for(text: str) -> None:
    for word in knowledge.wanted(text):
        assert 1.0 in knowledge.near(word, [word]).values()


def test_a_reply_is_filled_in() -> None:
    text = "Dear {{ customer.name | default: 'customer' }}, {{ case.number }}{{ customer.nothing.at_all }}: {{ 129900 | money: 'EUR' }}"
    assert replies.render(text, {"customer": {"name": "Anna"}, "case": {"number": 7}}) == "Dear Anna, 7: €1,299.00"
    assert replies.render(text, {}).startswith("Dear customer, ")


@pytest.mark.parametrize("text", ["{{ x", "{% for %}", "{{ x | nothing }}", "{% render 'y' %}"])
def test_what_is_no_liquid_is_refused(text: str) -> None:
    with pytest.raises(replies.BadReply) as found:
        replies.check(text)
    assert not found.value.limit


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..9999999) %}{% for b in (1..9999999) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'xxxxxxxxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 30 + "{{ a }}",
        "{{ 'a' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaa' " * 8 + "}}", "{{ 9 " + "| times: 999999999999 " * 20 + "}}",
    ],
)
def test_bombs_end_early(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(replies.BadReply) as found:
        replies.render(text, {})
    assert found.value.limit
    assert time.process_time() - begun < 2
