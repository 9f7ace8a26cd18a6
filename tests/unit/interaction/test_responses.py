"""Which deed answers which act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import responses
from services.interaction.domain.responses import Act, Deed

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(days=14)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def message(name: str, at: float, campaign: str = "spring") -> Act:
    return Act(name, "message", "email", day(at), "sales", campaign, name)


def test_a_message_is_opened_clicked_and_ordered_after_and_the_strongest_counts() -> None:
    """D4"""
    deeds = [
        Deed("ordered", day(3), "", "o1"), Deed("opened", day(1), "email", "m1", frozenset(["m1"])),
        Deed("clicked", day(2), "email", "m1", frozenset(["m1"])),
    ]
    (found,) = responses.match([message("m1", 0)], deeds, window=WINDOW, now=day(40))
    assert (found.state, found.how, found.at) == ("responded", "ordered", day(1))
    assert [deed.how for deed in found.deeds] == ["opened", "clicked", "ordered"]


def test_no_response_is_said_after_the_window_and_not_before() -> None:
    """D4"""
    late = [Deed("ordered", day(14.5), "", "o1")]
    assert [each.state for each in responses.match([message("m1", 0)], late, window=WINDOW, now=day(15))] == ["no_response"]
    assert [each.state for each in responses.match([message("m1", 0)], [], window=WINDOW, now=day(13))] == ["waiting"]


def test_an_order_counts_for_the_last_act_and_a_reply_for_what_it_names() -> None:
    """D4"""
    acts = [message("m1", 0), message("m2", 2, "summer"), Act("c1", "call", "call", day(3), "sales", reached=True)]
    deeds = [
        Deed("ordered", day(4), "", "o1"), Deed("replied", day(5), "email", "x", frozenset(["m1"])),
        Deed("replied", day(6), "email", "y"), Deed("replied", day(6), "chat", "z"),
    ]
    found = {each.act.act_id: [deed.reference for deed in each.deeds] for each in responses.match(acts, deeds, window=WINDOW, now=day(9))}
    assert found == {"c1": ["c1", "o1"], "m2": ["y"], "m1": ["x"]}


moments = st.integers(0, 40)
acts = st.lists(st.tuples(moments, st.sampled_from(["email", "call"])), max_size=6)
deeds = st.lists(st.tuples(moments, st.sampled_from(responses.WAYS), st.sampled_from(["email", "call", ""])), max_size=8)


@given(acts, deeds, moments)
def test_nothing_counts_twice_and_nothing_outside_the_window(drawn: list[tuple[int, str]], done: list[tuple[int, str, str]], now: int) -> None:
    listed = [Act(str(number), "x", channel, day(at)) for number, (at, channel) in enumerate(drawn)]
    told = [Deed(how, day(at), channel, f"d{number}") for number, (at, how, channel) in enumerate(done)]
    found = responses.match(listed, told, window=WINDOW, now=day(now))
    assert len(found) == len(listed)
    used = [deed.reference for each in found for deed in each.deeds]
    assert len(used) == len(set(used))
    for each in found:
        assert all(each.act.at <= deed.at <= each.act.at + WINDOW for deed in each.deeds)
        assert (each.state == "responded") == bool(each.deeds)
