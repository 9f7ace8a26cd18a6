"""Files become messages: columns, ids that follow from content, orders of several lines, refused rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chassis import tabular
from chassis.tabular import BadMapping, Layout, RowError
from launcher.importing import running
from launcher.importing.messages import Message

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[list[dict[str, Any]], list[RowError]]]:
    """A function: text of a file -> the messages made of it, and the rows refused."""

    def make(kind: Any, text: str | bytes, layout: Layout | None = None, *, name: str = "file.csv", currency: str | None = None) -> Any:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        found = list(running.messages(path, kind, layout or Layout(), currency=currency))
        return [item.content for item in found if isinstance(item, Message)], [item for item in found if isinstance(item, RowError)]

    return make


def test_an_order_with_an_address_alone_says_once_whose_it_is(made: Any) -> None:
    messages, errors = made(
        "orders", "email,ordered_at,total\nAda@example.com,2024-01-02,5\n ada@example.com,2024-01-03,7\n" + "x" * 400 + ",2024-01-03,7\n", currency="EUR"
    )
    introduction, *orders = messages
    assert {name: introduction[name] for name in ("type", "timestamp", "traits")} == {
        "type": "identify", "timestamp": "2024-01-02T00:00:00.000Z", "traits": {"email": "Ada@example.com"},
    }
    assert [order["event"] for order in orders] == ["Order Completed"] * 2
    assert {message["anonymousId"] for message in messages} == {introduction["anonymousId"]}
    assert [(error.line, error.code) for error in errors] == [(4, "bad_email")]


def test_ids_follow_from_content_and_place_among_equals(made: Any) -> None:
    text = "customer_id,ordered_at,total,currency\n1,2024-01-02,9.99,EUR\n1,2024-01-02,9.99,EUR\n1,2024-01-03,9.99,EUR\n"
    first, _ = made("orders", text)
    second, _ = made("orders", text, name="other-name.csv")
    assert first == second
    assert len({message["messageId"] for message in first}) == 3
    orders = [message["properties"]["order_id"] for message in first]
    assert len(set(orders)) == 3
    assert (orders[0][:-2], orders[0][-2:], orders[1][-2:]) == (orders[1][:-2], "-1", "-2")


def test_scattered_lines_become_one_order(made: Any) -> None:
    messages, errors = made(
        "orders",
        "order_id,customer_id,ordered_at,product_id,quantity,price,country\n"
        "A,1,2024-01-02 10:00,p1,2,2.55,FR\nB,2,2024-01-02 11:00,p1,1,1.10,DE\nA,1,2024-01-02 10:00,p2,1,0.30,FR\n",
        currency="EUR",
    )
    assert errors == []
    assert [message["properties"]["order_id"] for message in messages] == ["B", "A"]
    order = messages[1]
    assert order["properties"] == {
        "order_id": "A", "total": 5.4, "currency": "EUR", "country": "FR",
        "products": [{"product_id": "p1", "quantity": 2, "price": 2.55}, {"product_id": "p2", "quantity": 1, "price": 0.3}],
    }
    assert (order["event"], order["userId"], order["timestamp"]) == ("Order Completed", "1", "2024-01-02T10:00:00.000Z")


def test_a_cancelling_invoice_is_a_credit_note(made: Any) -> None:
    messages, _ = made(
        "orders", "order_id,customer_id,ordered_at,product_id,quantity,price\nC9,7,2024-05-01,p1,-2,4.65\nC9,7,2024-05-01,p2,-1,1\n", currency="GBP"
    )
    (message,) = messages
    assert message["event"] == "Order Refunded"
    assert message["properties"] == {
        "total": 10.3, "currency": "GBP", "refund_id": "C9",
        "products": [{"product_id": "p1", "quantity": 2, "price": 4.65}, {"product_id": "p2", "quantity": 1, "price": 1}],
    }


def test_lines_that_are_no_goods_become_shipping_discount_or_a_fee(made: Any) -> None:
    """D1"""
    layout = Layout(charges={"POST": "shipping", "D": "discount", "M": "fee"}, currency="GBP")
    messages, errors = made(
        "orders",
        "order_id,customer_id,ordered_at,product_id,quantity,price\n"
        "1,7,2024-01-02,p1,2,10.00\n1,7,2024-01-02,POST,1,3.50\n1,7,2024-01-02,D,-1,2.25\n1,7,2024-01-02,M,1,0.75\n"
        "2,7,2024-01-02,POST,1,4\nC3,7,2024-01-02,D,-1,5.5\nC4,7,2024-01-02,p1,-2,10\nC4,7,2024-01-02,POST,-1,3.5\n",
        layout,
    )
    first, postage, discount, returned = (message["properties"] for message in messages)
    assert (first["total"], first["shipping"], first["discount"]) == (22, 3.5, 2.25)
    assert [(line["product_id"], line.get("fee", False)) for line in first["products"]] == [("p1", False), ("M", True)]
    assert (postage["total"], postage["shipping"], "products" in postage) == (4, 4, False)
    assert (discount["total"], discount["refund_id"]) == (5.5, "C3")
    assert (returned["total"], returned["products"]) == (23.5, [{"product_id": "p1", "quantity": 2, "price": 10}])
    assert errors == []


def test_an_order_of_many_lines_is_told_in_portions(made: Any) -> None:
    """D1"""
    rows = "".join(f"1,7,2024-01-02,p{number},1,1.10\n" for number in range(450))
    messages, _ = made("orders", "order_id,customer_id,ordered_at,product_id,quantity,price\n" + rows, currency="EUR")
    assert [message["event"] for message in messages] == ["Order Completed", "Order Updated", "Order Updated"]
    parts = [message["properties"] for message in messages]
    assert (parts[0]["total"], parts[0]["products_total"]) == (495, 450)
    assert [(part.get("products_from"), len(part["products"])) for part in parts] == [(None, 200), (200, 200), (400, 50)]
    assert len({message["messageId"] for message in messages}) == 3


def test_one_bad_line_refuses_its_order_and_no_other(made: Any) -> None:
    messages, errors = made(
        "orders",
        "order_id,customer_id,ordered_at,product_id,quantity,price\nA,1,2024-01-02,p1,two,1\nA,1,2024-01-02,p2,1,1\nB,1,2024-01-02,p2,1,1\n",
        currency="EUR",
    )
    assert [message["properties"]["order_id"] for message in messages] == ["B"]
    assert [(error.line, error.code) for error in errors] == [(2, "bad_quantity"), (3, "order_has_bad_line")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",2024-01-02,5", "missing_customer"), ("1,,5", "missing_ordered_at"), ("1,yesterday,5", "bad_ordered_at"), ("1,2024-01-02,", "missing_total"),
        ("1,2024-01-02,much", "bad_total"), ("1,2024-01-02,NaN", "bad_total"), ("1,2024-01-02,1e99", "bad_total"), ("1,2024-01-02,5,6", "too_many_fields"),
        ('1,2024-01-02,"5', "bad_csv"),
    ],
)
def test_bad_rows_are_named_by_line_and_code(made: Any, row: str, code: str) -> None:
    messages, errors = made("orders", f"customer_id,ordered_at,total\n1,2024-01-02,1\n{row}\n", currency="EUR")
    assert len(messages) == 1
    assert [(error.line, error.code) for error in errors] == [(3, code)]


def test_bytes_in_another_encoding_are_refused_until_it_is_named(made: Any) -> None:
    text = "user_id,event,city\n1,Visit,Bogot\xe1\n".encode("latin-1")
    _, errors = made("events", text)
    assert [error.code for error in errors] == ["bad_encoding"]
    messages, errors = made("events", text, Layout(encoding="latin-1"))
    assert errors == []
    assert messages[0]["properties"] == {"city": "Bogotá"}


def test_delimiters_are_found_and_decimal_commas_and_persian_digits_are_read(made: Any) -> None:
    messages, errors = made("orders", "customer_id;ordered_at;total\n1;2024-01-02;۱.۲۳۴,۵\n", Layout(decimal=",", currency="EUR"))
    assert errors == []
    assert messages[0]["properties"]["total"] == 1234.5


def test_times_without_a_zone_are_the_mappings(made: Any) -> None:
    messages, _ = made("orders", "customer_id,ordered_at,total\n1,2024-01-02 00:00,5\n", Layout(time_zone="Asia/Tehran", currency="IRR"))
    assert messages[0]["timestamp"] == "2024-01-01T20:30:00.000Z"


def test_whole_messages_pass_and_rows_become_messages(made: Any) -> None:
    text = (
        '{"type":"page","anonymousId":"a","name":"Home","messageId":"m1","sentAt":"2024-01-01T00:00:00Z"}\n'
        '{"event":"Signed Up","userId":7,"timestamp":"2024-01-02T03:04:05Z","plan":"pro"}\n'
        "[1]\nnot json\n"
        '{"event":"X"}\n'
    )
    messages, errors = made("events", text, name="events.jsonl")
    assert messages[0] == {"type": "page", "anonymousId": "a", "name": "Home", "messageId": "m1"}
    assert {name: messages[1][name] for name in ("type", "event", "userId", "timestamp", "properties")} == {
        "type": "track", "event": "Signed Up", "userId": 7, "timestamp": "2024-01-02T03:04:05.000Z", "properties": {"plan": "pro"},
    }
    assert [(error.line, error.code) for error in errors] == [(3, "invalid_json"), (4, "invalid_json"), (5, "missing_identity")]


def test_equal_events_without_ids_are_different_events(made: Any) -> None:
    messages, _ = made("events", "user_id,event\n1,Click\n1,Click\n")
    assert len({message["messageId"] for message in messages}) == 2


def test_a_mapping_that_does_not_fit_says_so(tmp_path: Path, made: Any) -> None:
    with pytest.raises(BadMapping, match="no column Kunde"):
        made("orders", "customer_id,total\n1,2\n", Layout(columns={"customer_id": "Kunde"}))
    with pytest.raises(BadMapping, match="unknown for orders: user"):
        made("orders", "customer_id,total\n1,2\n", Layout(columns={"user": "customer_id"}))
    path = tmp_path / "bad.toml"
    path.write_text('header = false\ntime_zone = "Mars/Base"\n')
    with pytest.raises(BadMapping, match="time_zone"):
        tabular.load(path)


def test_cdnow_figures(example_file: Callable[[str], Path]) -> None:
    layout = tabular.load(EXAMPLES / "cdnow.toml")
    found = list(running.messages(example_file("purchases/cdnow/CDNOW_sample.txt"), "orders", layout, currency=None))
    messages = [item.content for item in found if isinstance(item, Message)]
    assert len(messages) == len(found) == 6919
    assert len({message["messageId"] for message in messages}) == 6919
    assert len({message["properties"]["order_id"] for message in messages}) == 6919
    assert len({message["userId"] for message in messages}) == 2357
    totals = [Decimal(str(message["properties"]["total"])) for message in messages]
    assert sum(totals) == Decimal("244091.94")
    assert sum(total == 0 for total in totals) == 8
    assert sum(not message["properties"]["order_id"].endswith("-1") for message in messages) == 21
    assert {message["event"] for message in messages} == {"Order Completed"}
