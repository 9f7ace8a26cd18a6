"""Traits: names, cleaning, and a join that does not care about order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customer.domain import traits

START = datetime(2026, 1, 1, tzinfo=UTC)

trait = st.builds(
    traits.Trait,
    value=st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["a", "b"])),
    rank=st.sampled_from([traits.IMPLIED, traits.EXTERNAL, traits.BROWSER, traits.SERVER]),
    at=st.integers(0, 3).map(lambda days: START + timedelta(days=days)),
    position=st.tuples(st.integers(0, 50), st.integers(0, 3)),
    event_id=st.uuids().map(str),
    source=st.just("shop"),
)
documents = st.lists(st.dictionaries(st.sampled_from(["email", "name", "plan"]), trait, max_size=3), max_size=6)


@given(documents, st.randoms(use_true_random=False))
def test_the_join_knows_no_order_and_no_repetition(told: list[traits.Traits], random: object) -> None:
    shuffled = told + told[: len(told) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert traits.joined(shuffled) == traits.joined(told)
    step_by_step: traits.Traits = {}
    for document in shuffled:
        step_by_step = traits.joined((step_by_step, document))
    assert step_by_step == traits.joined(told)


@given(documents)
def test_documents_survive_being_stored(told: list[traits.Traits]) -> None:
    profile = traits.joined(told)
    assert traits.read(traits.written(profile)) == profile


def test_a_server_is_never_overwritten_by_a_browser() -> None:
    server = traits.Trait("gold", traits.SERVER, START, (1, 0), "e1", "crm")
    browser = traits.Trait("hacked", traits.BROWSER, START + timedelta(days=9), (2, 0), "e2", "web")
    assert traits.joined(({"plan": server}, {"plan": browser})) == {"plan": server}


def test_the_later_event_wins_however_late_it_arrives() -> None:
    early = traits.Trait("old", traits.SERVER, START, (9, 0), "e9", "crm")
    late = traits.Trait("new", traits.SERVER, START + timedelta(seconds=1), (1, 0), "e1", "crm")
    assert traits.joined(({"plan": late}, {"plan": early}))["plan"].value == "new"


def test_many_spellings_are_one_name() -> None:
    sent = {"firstName": "Ada", "last_name": "Lovelace", "phoneNumber": "+44 20 7946 0958", "Locale": "en-GB", "Favourite Colour": "red", "id": 7}
    clean = traits.cleaned(sent, region=None)
    assert clean.values == {
        "given_name": "Ada", "family_name": "Lovelace", "phone": "+442079460958", "language": "en-GB", "Favourite Colour": "red",
    }
    assert clean.left_out == []


def test_the_standard_spelling_wins_over_its_variants() -> None:
    assert traits.cleaned({"given_name": "Ada", "firstName": "A.", "first_name": "B."}, region=None).values == {"given_name": "Ada"}


def test_a_bad_address_is_left_out_and_a_local_number_stays_as_sent() -> None:
    clean = traits.cleaned({"email": "nobody", "phone": "۰۹۱۲ ۳۴۵", "name": "x"}, region=None)
    assert clean.values == {"phone": "0912 345", "name": "x"}
    assert clean.left_out == ["email"]


def test_null_removes() -> None:
    told = {"plan": traits.Trait("gold", traits.SERVER, START, (1, 0), "e1", "crm")}
    removed = {"plan": traits.Trait(None, traits.SERVER, START + timedelta(days=1), (2, 0), "e2", "crm")}
    assert traits.values(traits.joined((told, removed))) == {}
    assert traits.changed(told, traits.joined((told, removed))) == ["plan"]
