"""Card numbers are found, and what is none is left alone: measured on the example data."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import cards


def luhn(digits: str) -> str:
    """With the check digit."""
    total = sum(sum(divmod(int(sign) * (2 if place % 2 == 0 else 1), 10)) for place, sign in enumerate(reversed(digits)))
    return digits + str(-total % 10)


@given(st.text("0123456789", min_size=14, max_size=14), st.sampled_from(["", " ", "-"]), st.sampled_from(["{}", "card {}.", "({}) x", "pay: {}"]))
def test_every_card_is_found_and_masked(rest: str, gap: str, around: str) -> None:
    """D18"""
    number = luhn(f"4{rest}")
    text = around.format(gap.join(number[place : place + 4] for place in range(0, 16, 4)))
    assert cards.holds_number(text)
    hidden = cards.masked(text)
    assert not cards.holds_number(hidden)
    assert number[:12] not in hidden.replace(" ", "").replace("-", "")
    assert number[-4:] in hidden


def lines(path: Path) -> Iterator[str]:
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield from io.TextIOWrapper(content, "utf-8", errors="replace", newline="")
    else:
        with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="") as file:
            yield from file


@pytest.mark.parametrize(
    "name",
    [
        "purchases/online_retail_by_day.tar.gz", "clickstream/ecom.csv.gz", "phone/phone_examples.csv", "churn/Telco-Customer-Churn.csv",
        "identity/febrl/dataset3.csv",
    ],
)
def test_nothing_in_the_example_data_is_taken_for_a_card(example_file: Callable[[str], Path], name: str) -> None:
    """D18"""
    cells = 0
    for row in csv.reader(lines(example_file(name))):
        for cell in row:
            cells += 1
            if len(cell) >= cards.SHORTEST:
                assert not cards.holds_number(cell), cells
    assert cells > 1000


def test_long_ids_by_chance() -> None:
    """D18: of ids of 16 random digits about one in thirty is refused, of telephones with a plus, times and prefixed ids none."""
    draw = random.Random(5)
    ids = [f"{draw.randrange(10**16):016d}" for _ in range(20_000)]
    assert 0.02 < sum(map(cards.holds_number, ids)) / len(ids) < 0.05
    assert not any(cards.holds_number(f"ord-{each}") or cards.holds_number(f"+{each[:15]}") for each in ids)
    assert not any(cards.holds_number(str(1_600_000_000_000_000 + int(each) // 10**2)) for each in ids)
