"""What a role does not see is not in any answer (R7, D8)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chassis import field_rights

ALL = frozenset({"contact", "cards", "sensitive", "trait:credit_limit"})


def test_contact_data_is_hidden_wherever_it_stands() -> None:
    value = {
        "profile": {"email": "sara@shop.example", "first_name": "Sara", "phone": {"value": "+989121234567"}, "homeAddress": {"city": "Tehran"}},
        "identities": [{"kind": "email", "value": "x"}, {"kind": "user_id", "value": "u1"}, "email:sara@shop.example", "user:u1"],
        "events": [{"name": "Order Completed", "properties": {"note": "reza@shop.example", "total": 5, "contactEmail": 7}}],
        "channel": "email", "email_count": 3, "email_verified": True, "address_hash": "ab", "to": "+98 912 123 4567",
    }
    assert field_rights.hidden(value, frozenset({"contact"})) == {
        "profile": {"email": "[hidden]", "first_name": "Sara", "phone": {}, "homeAddress": {}},
        "identities": [{"kind": "email", "value": "[hidden]"}, {"kind": "user_id", "value": "u1"}, "[hidden]", "user:u1"],
        "events": [{"name": "Order Completed", "properties": {"note": "[hidden]", "total": 5, "contactEmail": None}}],
        "channel": "email", "email_count": 3, "email_verified": True, "address_hash": "ab", "to": "[hidden]",
    }


def test_cards_traits_and_what_is_sensitive() -> None:
    value = {
        "order": {"cardToken": "tok_1", "payment_method": {"x": 1}, "discard": "no", "note": "[card …1111]", "iban": "DE1"},
        "traits": {"credit_limit": 500, "creditLimit": [1], "city": "Tehran"}, "event": {"sensitive": True, "properties": {"diagnosis": "x"}},
    }
    assert field_rights.hidden(value, frozenset({"cards"}))["order"] == {
        "cardToken": "[hidden]", "payment_method": {}, "discard": "no", "note": "[hidden]", "iban": "[hidden]"
    }
    found = field_rights.hidden(value, frozenset({"trait:credit_limit", "sensitive"}))
    assert found["traits"] == {"credit_limit": None, "creditLimit": [], "city": "Tehran"}
    assert found["event"] == {"sensitive": True, "properties": {}}


def test_nobody_asks_by_what_he_does_not_see() -> None:
    assert field_rights.names_hidden("traits.credit_limit", ALL)
    assert field_rights.names_hidden("-email", ALL)
    assert not field_rights.names_hidden("email_count", ALL)
    assert not field_rights.names_hidden("city", ALL)
    assert field_rights.known(["contact", "trait:x", "trait:", "everything"]) == ["trait:", "everything"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.emails(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(json_values)
def test_whoever_hides_nothing_sees_all_and_hiding_twice_changes_nothing(value: Any) -> None:
    assert field_rights.hidden(value, frozenset()) == value
    once = field_rights.hidden(value, ALL)
    assert field_rights.hidden(once, ALL) == once


@given(st.emails(), st.sampled_from(["email", "note", "user.Email", "x"]))
def test_an_address_never_comes_through(address: str, name: str) -> None:
    assert address not in str(field_rights.hidden({"a": [{name: address}]}, frozenset({"contact"})))
