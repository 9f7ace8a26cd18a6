"""Orders: any order of arrival gives the same order; money is exact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.interaction import OrderPlaced, OrderRefunded, OrderUpdated
from services.interaction.domain import order_events, order_facts, orders
from services.interaction.domain.order_events import Moment, OrderChange, Origin

DAY = 86_400_000_000
START = order_events.micros(datetime(2026, 1, 1, tzinfo=UTC))


def origin(at: int = 0, offset: int = 0, **more: Any) -> Origin:
    given: dict[str, Any] = {"message_id": f"m{offset}", "source": "shop", "identity": "aa", "known": True, **more}
    return Origin(moment=Moment(START + at, 0, offset), **given)


def change(name: str, properties: dict[str, Any], **more: Any) -> OrderChange:
    said = order_events.read_order_event(name, properties, origin(**more))
    assert said.change is not None, said.notes
    return said.change


def shown(*changes: OrderChange) -> orders.Order:
    state = orders.OrderState()
    for each in changes:
        state = orders.merge(state, each)
    return orders.show("o1", state)


COMPLETED = {
    "order_id": "o1", "total": 27.5, "subtotal": 22.5, "shipping": 3, "tax": 2, "currency": "USD", "coupon": "hasbros",
    "affiliation": "Google Store",
    "products": [
        {"product_id": "p1", "name": "Monopoly", "price": 19, "quantity": 1, "category": "Games"},
        {"sku": "p2", "price": "3.50", "quantity": 1},
    ],
}


def test_a_completed_order_keeps_what_was_paid_and_what_it_is_made_of() -> None:
    order = shown(change("Order Completed", COMPLETED))
    assert order.placed
    assert (order.paid_minor, order.net_minor, order.shipping_minor, order.tax_minor) == (2750, 2250, 300, 200)
    assert [(line.product_id, line.amount_minor) for line in order.lines] == [("p1", 1900), ("p2", 350)]
    assert (order.status, order.coupon, order.affiliation, order.notes) == ("completed", "hasbros", "Google Store", [])
    assert order.ordered_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "paid", "net"),
    [
        ({"total": 10}, 1000, 1000),
        ({"total": 10, "shipping": 1, "tax": 2}, 1000, 700),
        ({"subtotal": 10, "shipping": 1, "tax": 2}, 1300, 1000),
        ({"revenue": 10, "shipping": 1}, 1100, 1000),
        ({"total": 30, "revenue": 25, "subtotal": 24}, 3000, 2500),
        ({"products": [{"product_id": "a", "price": 2.5, "quantity": 4, "discount": 1}], "discount": 2, "tax": 1}, 800, 700),
    ],
)
def test_paid_and_net_follow_the_published_order_of_fields(properties: dict[str, Any], paid: int, net: int) -> None:
    order = shown(change("Completed Order", {"orderId": "o1", "currency": "eur", **properties}))
    assert (order.paid_minor, order.net_minor, order.currency) == (paid, net, "EUR")


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("Order Completed", {"total": 3, "currency": "USD"}),
        ("Order Completed", {"order_id": "1", "currency": "USD"}),
        ("Order Completed", {"order_id": "1", "total": 3}),
        ("Order Completed", {"order_id": "1", "total": "three", "currency": "USD"}),
        ("Order Completed", {"order_id": "1", "total": -3, "currency": "USD"}),
        ("Order Completed", {"order_id": True, "total": 3, "currency": "USD"}),
        ("Order Completed", {"order_id": "1", "total": 3, "currency": "Dollars"}),
        ("Order Shipped", {"order_id": "1"}),
        ("Order Delivered", {"order_id": "1", "delivered_at": "soon"}),
        ("Order Refunded", {"refund_id": "1"}),
    ],
)
def test_broken_order_data_is_noted_and_changes_nothing(name: str, properties: dict[str, Any]) -> None:
    said = order_events.read_order_event(name, properties, origin())
    assert said == order_events.Said(notes=("order_incomplete",))


def test_lines_that_disagree_are_noted_and_numbers_stay_as_sent() -> None:
    wrong = {**COMPLETED, "subtotal": 30}
    said = order_events.read_order_event("Order Completed", wrong, origin())
    assert said.notes == ("amount_mismatch",)
    assert said.change is not None
    order = shown(said.change)
    assert (order.paid_minor, order.net_minor, order.notes) == (2750, 3000, ["amount_mismatch"])
    nearly = {**COMPLETED, "subtotal": 22.52}
    assert order_events.read_order_event("Order Completed", nearly, origin()).notes == ()


def test_a_browser_reports_no_refunds() -> None:
    said = order_events.read_order_event("Order Refunded", {"order_id": "o1"}, origin(browser=True))
    assert said == order_events.Said(notes=("not_from_browser",))


def test_refunds_take_the_total_else_the_lines_else_all_that_is_left_and_never_more_than_was_paid() -> None:
    order = shown(
        change("Order Completed", COMPLETED),
        change("Order Refunded", {"order_id": "o1", "total": 5, "refund_id": "r1"}, at=1, offset=1),
        change("Order Refunded", {"order_id": "o1", "products": [{"product_id": "p2", "quantity": 1}]}, at=2, offset=2),
        change("Order Refunded", {"order_id": "o1"}, at=3, offset=3),
        change("Order Refunded", {"order_id": "o1", "total": 1}, at=4, offset=4),
    )
    assert [refund.amount_minor for refund in order.refunds] == [500, 350, 1900, 0]
    assert [refund.notes for refund in order.refunds] == [[], [], [], ["refund_exceeds_order"]]
    assert (order.refunded_minor, order.status, order.notes) == (2750, "refunded", ["refund_exceeds_order"])


def test_a_refund_before_its_order_waits_in_a_shell() -> None:
    refund = change("Order Refunded", {"order_id": "o1", "total": 5, "refund_id": "r1"}, at=DAY, offset=1)
    shell = shown(refund)
    assert (shell.placed, shell.status, shell.refunds) == (False, "incomplete", [])
    filled = shown(refund, change("Order Completed", COMPLETED, offset=2))
    assert filled.refunded_minor == 500
    placed, refunded = order_facts.facts(shell, filled, version=2)
    assert isinstance(placed, OrderPlaced)
    assert isinstance(refunded, OrderRefunded)
    assert (refunded.refund_id, refunded.refund_minor, placed.version) == ("r1", 500, 2)


def test_lines_arrive_each_at_its_time_and_the_whole_order_with_the_last() -> None:
    """D1 C14"""
    two = [{"product_id": "a", "price": 5, "promised_on": "2026-01-04"}, {"product_id": "b", "price": 6, "promised_on": "2026-01-09"}]
    placed = change("Order Completed", {"order_id": "o1", "currency": "EUR", "products": two, "partner_id": "acme", "employee_id": "e7"})
    order = shown(placed)
    assert (order.status, order.promised_on, order.partner_id, order.employee_id) == ("completed", date(2026, 1, 9), "acme", "e7")
    first = change(
        "Order Delivered", {"order_id": "o1", "products": [{"product_id": "a", "delivered_at": "2026-01-04"}]}, at=DAY, offset=1
    )
    half = shown(placed, first)
    assert (half.status, half.delivered_at, len(half.lines)) == ("completed", None, 2)
    assert [line.delivered_at for line in half.lines] == [datetime(2026, 1, 4, tzinfo=UTC), None]
    second = change("Order Delivered", {"order_id": "o1", "delivered_at": "2026-01-08", "products": [{"product_id": "b"}]}, at=DAY, offset=2)
    done = shown(placed, second, first)
    assert (done.status, done.delivered_at) == ("delivered", datetime(2026, 1, 8, tzinfo=UTC))


def test_a_promise_that_moves_is_told_with_the_one_before() -> None:
    """C14"""
    first = change("Order Completed", {**COMPLETED, "promised_on": "2026-01-05"})
    later = change("Order Updated", {"order_id": "o1", "promised_on": "2026-01-11"}, at=1, offset=1)
    (told,) = order_facts.facts(shown(first), shown(first, later), version=2)
    assert isinstance(told, OrderUpdated)
    assert (told.changed, told.promised_before, told.promised_on) == (["promised_on"], date(2026, 1, 5), date(2026, 1, 11))


def test_an_order_told_in_portions_is_whole_in_any_order_and_a_shorter_correction_leaves_nothing_behind() -> None:
    """D1"""
    def line(number: int) -> dict[str, Any]:
        return {"product_id": f"p{number}", "price": 2}

    head = change("Order Completed", {"order_id": "o1", "currency": "EUR", "total": 10, "products": [line(0), line(1)], "products_total": 5})
    middle = change("Order Updated", {"order_id": "o1", "products": [line(2), line(3)], "products_from": 2}, offset=1)
    last = change("Order Updated", {"order_id": "o1", "products": [line(4)], "products_from": 4}, offset=2)
    for told in ((head, middle, last), (last, middle, head), (middle, head, last)):
        order = shown(*told)
        assert ([each.product_id for each in order.lines], order.paid_minor, order.notes) == ([f"p{n}" for n in range(5)], 1000, [])
    assert shown(head, last).notes == ["lines_missing"]
    corrected = change("Order Updated", {"order_id": "o1", "total": 4, "products": [line(0), line(1)]}, at=1, offset=3)
    order = shown(head, middle, last, corrected)
    assert ([each.product_id for each in order.lines], order.paid_minor, order.notes) == (["p0", "p1"], 400, [])


def test_a_refund_without_an_order_is_a_credit_note() -> None:
    said = order_events.read_order_event("Order Refunded", {"total": "-12.345", "currency": "GBP", "refund_id": "c9"}, origin())
    assert said.credit is not None
    assert (said.credit.credit_id, said.credit.amount_minor, said.credit.currency) == ("c9", 1234, "GBP")


def test_the_published_delivery_date_and_cancellation() -> None:
    order = shown(
        change("Order Completed", COMPLETED),
        change("Order Shipped", {"order_id": "o1", "shipped_at": "2026-01-03", "promised_on": "2026-01-05"}, at=DAY, offset=1),
        change("Order Delivered", {"order_id": "o1", "delivered_at": "2026-01-06T10:00:00+03:30"}, at=2 * DAY, offset=2),
    )
    assert (order.status, order.promised_on) == ("delivered", date(2026, 1, 5))
    assert order.delivered_at == datetime(2026, 1, 6, 6, 30, tzinfo=UTC)
    cancelled = shown(change("Order Completed", COMPLETED), change("Order Cancelled", {"order_id": "o1"}, at=1, offset=1))
    assert (cancelled.status, cancelled.paid_minor) == ("cancelled", 2750)
    told = order_facts.facts(shown(change("Order Completed", COMPLETED)), cancelled, version=2)
    assert [type(fact) for fact in told] == [OrderUpdated]


@pytest.mark.parametrize(
    ("total", "currency", "minor", "stored"),
    [
        (0.1 + 0.2, "USD", 30, "USD"), (1.005, "USD", 100, "USD"), (1.015, "USD", 102, "USD"), (1200, "JPY", 1200, "JPY"),
        ("1.2345", "KWD", 1234, "KWD"), (125000, "IRT", 125_000_000, "IRR"), ("90071992547409.93", "USD", None, "USD"),
        ("9007199254740.93", "USD", 900719925474093, "USD"), (1e3, "IRR", 100_000, "IRR"),
    ],
)
def test_money_is_read_from_its_shortest_text_half_even(total: Any, currency: str, minor: int | None, stored: str) -> None:
    said = order_events.read_order_event("Order Completed", {"order_id": "o1", "total": total, "currency": currency}, origin())
    if minor is None:
        assert said.notes == ("order_incomplete",)
    else:
        assert said.change is not None
        order = shown(said.change)
        assert (order.paid_minor, order.currency) == (minor, stored)


def test_a_namespace_and_a_default_currency_come_from_the_source() -> None:
    made = change("Order Completed", {"id": 77, "total": 1}, namespace="de", default_currency="EUR")
    assert made.order_id == "de:77"
    assert made.values["currency"] == "EUR"


def test_browser_and_server_reporting_one_order_keep_the_known_customer() -> None:
    server = change("Order Completed", COMPLETED, at=0, offset=1)
    browser = change("Order Completed", COMPLETED, at=5, offset=2, identity="bb", known=False, browser=True)
    assert shown(server, browser).identity == shown(browser, server).identity == "aa"


amounts = st.one_of(st.none(), st.decimals(0, 1000, places=2).map(str), st.integers(0, 500))
lines = st.lists(
    st.fixed_dictionaries(
        {"product_id": st.sampled_from("abc"), "price": amounts, "quantity": st.integers(0, 4)},
        optional={"promised_on": st.sampled_from(["2026-02-02", "2026-02-07"])},
    ),
    max_size=3,
)
events = st.tuples(
    st.sampled_from(sorted(order_events.NAMES)),
    st.fixed_dictionaries(
        {"order_id": st.just("o1"), "currency": st.sampled_from([None, "USD", "JPY", "IRT"])},
        optional={
            "total": amounts, "subtotal": amounts, "shipping": amounts, "revenue": amounts, "tax": amounts, "products": lines,
            "refund_id": st.sampled_from(["r1", "r2"]), "coupon": st.sampled_from(["x", "y"]),
            "products_from": st.sampled_from([2, 3]), "products_total": st.sampled_from([4, 5]), "partner_id": st.sampled_from(["a", "b"]),
            "shipped_at": st.just("2026-02-01"), "delivered_at": st.sampled_from(["2026-02-03", "2026-02-04"]),
        },
    ),
    st.integers(0, 3),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=8), st.randoms(use_true_random=False))
def test_any_interleaving_and_repetition_gives_the_same_order(drawn: list[Any], random: Any) -> None:
    changes = []
    for offset, (name, properties, at, known) in enumerate(drawn):
        said = order_events.read_order_event(name, properties, origin(at, offset, known=known, identity="aa" if known else "bb"))
        if said.change is not None:
            changes.append(said.change)
    shuffled = changes + random.sample(changes, k=len(changes) // 2)
    random.shuffle(shuffled)
    straight = shown(*changes)
    assert shown(*shuffled) == straight
    assert 0 <= straight.refunded_minor <= max(straight.paid_minor, 0)
