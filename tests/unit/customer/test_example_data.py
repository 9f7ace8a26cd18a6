"""Addresses and numbers of the example data."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from services.customer.domain import contact


def accepted(address: str) -> bool:
    try:
        contact.normal_email(address)
    except contact.BadContact:
        return False
    return True


def test_addresses_are_judged_as_the_standard_does(example_file: Callable[[str], Path]) -> None:
    wrong = []
    for test in ET.parse(example_file("email/tests.xml")).getroot().iter("test"):
        text, category = test.findtext("address") or "", test.findtext("category")
        address = "".join(chr(ord(sign) - 0x2400) if 0x2400 <= ord(sign) <= 0x2421 else sign for sign in text)
        taken = accepted(address)
        if category == "ISEMAIL_ERR" and taken:
            wrong.append(address)
        if category in {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"} and not taken and "." in address.rpartition("@")[2]:
            wrong.append(address)
    assert wrong == []


def test_numbers_of_all_regions(example_file: Callable[[str], Path]) -> None:
    with example_file("phone/phone_examples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 600
    for row in rows:
        assert contact.normal_phone(row["national"], region=row["region"]) == row["e164"]
        assert contact.normal_phone(row["international"]) == row["e164"]
