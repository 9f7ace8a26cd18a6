"""P6: what goes together, what it costs, what is proposed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaign.domain import customising as rules
from services.campaign.domain.customising import Configurable, Standing

SHIRT = {
    "product_id": "shirt", "name": "Shirt", "currency": "EUR", "base_minor": 2000, "tier_discounts": {"gold": 10, "silver": 5},
    "options": [
        {"key": "cloth", "name": "Cloth", "default": "cotton", "choices": [
            {"key": "cotton", "name": "Cotton"}, {"key": "silk", "name": "Silk", "surcharge_minor": 1505, "excludes": ["print:photo"]},
            {"key": "rare", "name": "Rare", "surcharge_minor": 9000, "tiers": ["gold"]}]},
        {"key": "print", "name": "Print", "default": "none", "choices": [
            {"key": "none", "name": "None"}, {"key": "photo", "name": "Photo", "surcharge_minor": 500}, {"key": "foil", "name": "Foil", "requires": ["cloth:silk"]}]},
    ],
}
PRODUCT = Configurable.model_validate(SHIRT)
NOBODY, GOLD = Standing(frozenset(), "acquire"), Standing(frozenset({"gold", "silver"}), "retain")


def test_what_does_not_go_together_says_why() -> None:
    def reasons(known: Standing = NOBODY, **choices: str) -> list[tuple[str, str]]:
        return [(each.pointer, each.reason) for each in rules.faults(PRODUCT, choices, known)]

    assert reasons(cloth="cotton", print="photo") == []
    assert reasons(cloth="silk", print="photo") == [("/choices/cloth", "excludes")]
    assert reasons(cloth="cotton", print="foil") == [("/choices/print", "requires")]
    assert reasons(cloth="rare", print="none") == [("/choices/cloth", "reserved")]
    assert reasons(GOLD, cloth="rare", print="none") == []
    assert reasons(cloth="wool", sleeve="long") == [("/choices/sleeve", "unknown_option"), ("/choices/cloth", "unknown_choice"), ("/choices/print", "missing")]


def test_prices_are_sums_of_their_lines() -> None:
    priced = rules.price(PRODUCT, {"cloth": "silk", "print": "none"}, GOLD)
    assert priced.lines == [("base", 2000), ("cloth:silk", 1505), ("tier:gold", -351)]
    assert priced.unit_minor == 3154
    cheap = Configurable.model_validate({**SHIRT, "base_minor": 100, "options": [{"key": "a", "name": "A", "choices": [{"key": "b", "name": "B", "surcharge_minor": -500}]}]})
    assert rules.price(cheap, {"a": "b"}, NOBODY) == ([("base", 100), ("a:b", -500), ("least", 400)], 0)


def test_proposals_follow_own_then_alike_then_all_and_fit() -> None:
    def proposed(known: Standing = NOBODY, own: dict[str, str] | None = None, alike: rules.Counts | None = None, everybody: rules.Counts | None = None) -> list[tuple[str, str]]:
        found = rules.propose(PRODUCT, known, own=own or {}, alike=alike or {}, everybody=everybody or {})
        assert found is not None
        assert not rules.faults(PRODUCT, {each.option: each.choice for each in found}, known)
        return [(each.choice, each.why) for each in found]

    assert proposed() == [("cotton", "default"), ("none", "default")]
    assert proposed(everybody={"print": {"photo": 5, "none": 1}}) == [("cotton", "default"), ("photo", "popular")]
    assert proposed(alike={"print": {"foil": 3}}, everybody={"print": {"photo": 5}}, own={"cloth": "silk"}) == [("silk", "own"), ("foil", "alike")]
    assert proposed(everybody={"print": {"photo": 1}}) == [("cotton", "default"), ("none", "default")], "one person is no fashion"
    assert proposed(own={"cloth": "silk"}, everybody={"print": {"photo": 5}})[0] != ("silk", "own") or proposed(
        own={"cloth": "silk"}, everybody={"print": {"photo": 5}})[1][1] == "fits", "one of the two steps back"
    assert proposed(everybody={"cloth": {"rare": 9}}) == [("cotton", "fits"), ("none", "default")], "what is reserved is not proposed to others"


@given(st.dictionaries(st.sampled_from(["cloth", "print"]), st.sampled_from(["cotton", "silk", "rare", "none", "photo", "foil"])), st.booleans())
def test_whatever_was_liked_a_proposal_can_be_made(own: dict[str, str], gold: bool) -> None:
    known = GOLD if gold else NOBODY
    found = rules.propose(PRODUCT, known, own=own, alike={}, everybody={})
    assert found is not None
    choices = {each.option: each.choice for each in found}
    assert not rules.faults(PRODUCT, choices, known)
    priced = rules.price(PRODUCT, choices, known)
    assert priced.unit_minor == sum(amount for _, amount in priced.lines) >= 0


@pytest.mark.parametrize("change", [
    {"options": [{"key": "a", "name": "A", "choices": [{"key": "b", "name": "B", "requires": ["c:d"]}]}]},
    {"options": [{"key": "a", "name": "A", "default": "z", "choices": [{"key": "b", "name": "B"}]}]},
    {"options": [{"key": "a", "name": "A", "choices": [{"key": "b", "name": "B"}, {"key": "b", "name": "B"}]}]},
    {"tier_discounts": {"gold": 95}}, {"currency": "euro"}, {"base_minor": -1},
])
def test_products_that_make_no_sense(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Configurable.model_validate({**SHIRT, **change})


def test_amounts_in_the_currency() -> None:
    assert [rules.in_major(amount, currency) for amount, currency in ((3154, "EUR"), (5, "EUR"), (3154, "JPY"), (3154, "KWD"))] == ["31.54", "0.05", "3154", "3.154"]
