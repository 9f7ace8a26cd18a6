"""The identity graph: who is one person, in any order of arrival."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customer.domain import graph, traits
from services.customer.domain.graph import Claim, Graph, Named
from services.customer.domain.rules import STANDARD

AT = datetime(2026, 1, 1, tzinfo=UTC)


def named(key: str) -> Named:
    return Named(key.encode(), key.partition(":")[0], key)


def claim(primary: str, *links: str, server: bool = True, alias: bool = False, event_id: str = "e") -> Claim:
    return Claim(named(primary), tuple(named(link) for link in links), server, alias, AT, "shop", event_id)


def new_graph() -> Graph:
    return Graph(uuid.uuid4)


def groups(found: Graph) -> set[frozenset[str]]:
    return {frozenset(identity.decode() for identity in group) for group in graph.partition(found.identities, found.root)}


def test_an_anonymous_visitor_becomes_a_known_customer() -> None:
    found = new_graph()
    found.apply(claim("anon:1"))
    found.apply(claim("user:42"))
    found.apply(claim("user:42", "anon:1", server=False))
    assert groups(found) == {frozenset({"user:42", "anon:1"})}
    (merge,) = found.merges
    assert found.person(merge.survivor).has_user
    assert merge.survivor == found.owner(b"user:42")


def test_a_browser_ties_anonymous_to_user_and_nothing_else() -> None:
    found = new_graph()
    found.apply(claim("user:1", "email:a@b.c", "anon:1", server=False))
    found.apply(claim("anon:2", "email:a@b.c", server=False))
    assert groups(found) == {frozenset({"user:1", "anon:1"}), frozenset({"anon:2"})}


def test_two_user_ids_with_one_address_stay_two_and_are_noted() -> None:
    found = new_graph()
    found.apply(claim("user:1", "email:a@b.c"))
    found.apply(claim("user:2", "email:a@b.c", event_id="e2"))
    assert groups(found) == {frozenset({"user:1", "email:a@b.c"}), frozenset({"user:2"})}
    assert [(review.reason, review.event_id) for review in found.reviews] == [("two_user_ids", "e2")]
    assert found.merges == []


def test_a_shared_device_is_no_news() -> None:
    found = new_graph()
    found.apply(claim("user:1", "anon:1"))
    found.apply(claim("user:2", "anon:1"))
    assert groups(found) == {frozenset({"user:1", "anon:1"}), frozenset({"user:2"})}
    assert found.reviews == []


def test_an_alias_of_a_server_ties_two_user_ids() -> None:
    found = new_graph()
    found.apply(claim("user:old"))
    found.apply(claim("user:new", "user:old", server=True, alias=True))
    assert groups(found) == {frozenset({"user:old", "user:new"})}
    other = new_graph()
    other.apply(claim("user:old"))
    other.apply(claim("user:new", "user:old", server=True))
    assert len(groups(other)) == 2


def test_one_event_merges_at_most_three_away() -> None:
    found = new_graph()
    links = ["anon:1", "email:a@b.c", "phone:+1", "ext:crm:1"]
    for link in links:
        found.apply(claim(link))
    found.apply(claim("user:1", *links))
    assert len(found.merges) == STANDARD.max_merged_by_one_event
    assert [review.reason for review in found.reviews] == ["too_many_at_once"]


def test_automatic_merges_join_a_bounded_number() -> None:
    found = new_graph()
    for number in range(STANDARD.max_family + 5):
        found.apply(claim(f"anon:v{number}"))
        found.apply(claim("user:1", f"anon:v{number}", server=False))
    assert len(found.merges) == STANDARD.max_family - 1
    assert {review.reason for review in found.reviews} == {"too_many_in_all"}


def test_values_that_name_nobody_join_nobody() -> None:
    found = new_graph()
    assert found.apply(claim("user:null")) is None
    found.apply(claim("user:1", "email:none", "anon:undefined"))
    found.apply(claim("user:2", "email:none", "anon:undefined"))
    assert groups(found) == {frozenset({"user:1"}), frozenset({"user:2"})}


def test_what_a_person_separated_stays_apart() -> None:
    found = new_graph()
    found.apply(claim("anon:1"))
    found.apply(claim("user:1"))
    one, two = found.owner(b"anon:1"), found.owner(b"user:1")
    assert one is not None
    assert two is not None
    found.separated = frozenset({frozenset({one, two})})
    found.apply(claim("user:1", "anon:1"))
    assert found.merges == []
    assert [review.reason for review in found.reviews] == ["separated_by_hand"]


def test_traits_lie_at_home_and_homes_survive_merges() -> None:
    found = new_graph()
    visitor = found.apply(claim("anon:1"))
    user = found.apply(claim("user:1", "anon:1"))
    assert found.apply(claim("anon:1")) == visitor
    assert found.apply(claim("user:1")) == user
    assert visitor != user
    assert found.owner(b"anon:1") == found.owner(b"user:1") == user


def test_a_subtree_is_everybody_merged_into_a_customer() -> None:
    a, b, c, d = (uuid.UUID(int=number) for number in range(4))
    assert graph.subtree(b, [(a, None), (b, a), (c, b), (d, a)]) == {b, c}


KINDS = ("anon:a", "anon:b", "email:", "phone:", "ext:crm:", "user:")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Claim, traits.Traits]]:
    """Events of people who each have at most one user id and share nothing: there is one truth to be found."""
    events: list[tuple[Claim, traits.Traits]] = []
    for number in range(draw(st.integers(1, 12))):
        person = draw(st.integers(1, 3))
        keys = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
        told = {
            name: traits.Trait(draw(st.integers(0, 5)), traits.SERVER, AT + timedelta(hours=draw(st.integers(0, 3))), (number, 0), f"e{number}", "shop")
            for name in draw(st.lists(st.sampled_from(["plan", "city"]), max_size=2, unique=True))
        }
        events.append((claim(*(f"{key}{person}" for key in keys), event_id=f"e{number}"), told))
    return events


def resolved(events: Iterable[tuple[Claim, traits.Traits]]) -> dict[frozenset[str], dict[str, object]]:
    """The people found, each as the set of identities -> profile."""
    found = new_graph()
    documents: dict[uuid.UUID, traits.Traits] = {}
    for said, told in events:
        home = found.apply(said)
        assert home is not None
        documents[home] = traits.joined((documents.get(home, {}), told))
    people: dict[frozenset[str], dict[str, object]] = {}
    for group in graph.partition(found.identities, found.root):
        root = found.owner(next(iter(group)))
        profile = traits.joined(document for home, document in documents.items() if found.root(home) == root)
        people[frozenset(identity.decode() for identity in group)] = traits.values(profile)
    return people


@given(histories(), st.integers(0, 2**32))
def test_any_order_and_repetition_finds_the_same_people_and_profiles(events: list[tuple[Claim, traits.Traits]], seed: int) -> None:
    shuffled = events + events[::2]
    random.Random(seed).shuffle(shuffled)
    assert resolved(shuffled) == resolved(events)
