"""One spelling of addresses, numbers and names."""

from __future__ import annotations

import pytest

from services.customer.domain import contact


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace+x@EXAMPLE.Com ", "Ada.Lovelace+x@example.com"),
        ("test@xn--bcher-kva.example", "test@bücher.example"),
        ("test@iana.org", "test@iana.org"),
    ],
)
def test_addresses_have_one_spelling(sent: str, stored: str) -> None:
    assert contact.normal_email(sent) == stored


@pytest.mark.parametrize(
    "sent", ["", "ada", "ada@", "@example.com", "a..b@example.com", "ada@exa mple.com", "ada@example.com\r\nBcc: x@y.z", "a@b@c", "ada@-x.com", "\x00@x.com"]
)
def test_what_is_no_address_is_refused(sent: str) -> None:
    with pytest.raises(contact.BadContact):
        contact.normal_email(sent)


@pytest.mark.parametrize(
    ("sent", "region", "stored"),
    [
        ("۰۹۱۲ ۳۴۵ ۶۷۸۹", "IR", "+989123456789"),
        ("٠٩١٢٣٤٥٦٧٨٩", "IR", "+989123456789"),
        ("+98 (912) 345-6789", None, "+989123456789"),
        ("+44 20 7946 0958", "IR", "+442079460958"),
    ],
)
def test_numbers_become_e164(sent: str, region: str | None, stored: str) -> None:
    assert contact.normal_phone(sent, region=region) == stored


@pytest.mark.parametrize(("sent", "region"), [("09123456789", None), ("12", "IR"), ("call me", "IR"), ("", "IR"), ("1" * 60, "US")])
def test_what_is_no_number_is_refused(sent: str, region: str | None) -> None:
    with pytest.raises(contact.BadContact):
        contact.normal_phone(sent, region=region)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("علي كاظمي", "علی کاظمی"),
        ("علی‌رضا", "علیرضا"),
        ("محمـــد", "محمد"),
        ("مُحَمَّد", "محمد"),
        ("۱۲۳", "123"),
        ("José MÜLLER", "jose muller"),
        ("  Ada   LOVELACE ", "ada lovelace"),
    ],
)
def test_search_folds_spellings_together(left: str, right: str) -> None:
    assert contact.folded(left) == contact.folded(right)


@pytest.mark.parametrize("value", ["null", "Undefined", " 0 ", "NONE", "unknown", "anonymous", "[object Object]"])
def test_values_that_name_nobody(value: str) -> None:
    assert contact.refused(value)


def test_values_that_name_somebody() -> None:
    assert not any(contact.refused(value) for value in ("42", "ada", "00123", "null-pointer@example.com"))
