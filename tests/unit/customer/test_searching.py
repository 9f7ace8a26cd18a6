"""What search looks through, and what a searched text is taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.domain import searching


def test_the_text_holds_names_contact_points_and_simple_traits() -> None:
    text = searching.search_text({
        "given_name": "علي", "family_name": "كاظمي", "email": "Ali.Kazemi7@b.org", "phone": "+989123456789", "plan": "Gold Plus", "vip": True,
        "visits": 3, "address": {"city": "Shiraz"}, "tags": ["a"],
    })
    assert text is not None
    assert set(text.split(" ")) == {
        "علی", "کاظمی", "shiraz", "ali", "kazemi7", "ali.kazemi7@b.org", "b.org", "989123456789", "9123456789", "3456789", "6789",
        "given_name=علی", "family_name=کاظمی", "plan=gold_plus", "vip=true", "visits=3",
    }
    assert searching.search_text({"tags": ["a"]}) is None


@pytest.mark.parametrize(
    ("text", "words", "terms"),
    [
        ("Ali Rezaei", ("ali", "rezaei"), ()),
        ("۰۹۱۲ ۳۴۵ ۶۷۸۹", (), ("9123456789",)),
        ("+98 912 345 6789", (), ("989123456789",)),
        ("345-6789", (), ("3456789",)),
        ("ADA@Example.com", (), ("ada@example.com",)),
        ("example.ir", (), ("example.ir",)),
        ("ali@", (), ("ali@",)),
        ("100%", ("100",), ()),
        ("%", (), ()),
        ("...", (), ()),
        ("@", (), ()),
    ],
)
def test_a_search_is_taken_apart(text: str, words: tuple[str, ...], terms: tuple[str, ...]) -> None:
    assert searching.wanted(text) == searching.Wanted(words, terms)


@pytest.mark.parametrize(
    ("typed", "meant"), [("mohamad", "mohammad"), ("rezaie", "rezaei"), ("hmaed", "hamed"), ("محمدد", "محمد"), ("xli", "ali"), ("jon", "john")]
)
def test_misspelt_words_are_recognised(typed: str, meant: str) -> None:
    assert searching.similar(typed, [meant, "somebody", "else"]) == [meant]


def test_other_names_are_not_taken_for_misspelt_ones() -> None:
    assert searching.similar("ali", ["alireza", "sara", "al"]) == ["al"]
    assert searching.similar("al", ["ali"]) == []


def test_who_has_the_words_as_typed_comes_before_who_has_them_begun() -> None:
    rated = [searching.likeness(["ali"], text) for text in ("ali rezaei", "alireza rezaei", "aly rezaei", "plan=ali")]
    assert rated == sorted(rated, reverse=True)
    assert rated[0] == 1.0
    assert rated[3] == 0.0


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    found = searching.wanted(text)
    assert all(word and " " not in word for word in (*found.words, *found.terms))
    searching.loosened(found)
    searching.search_text({"name": text, "email": text, "phone": text, "note": text, text: text})
