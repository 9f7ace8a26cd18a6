"""Finding people who registered twice, on made-up people whose truth is known (part of U6)."""

from __future__ import annotations

from itertools import combinations

from services.customer.domain.matching import finder, spelling
from services.customer.domain.matching.columns import Columns
from tests.support import people


def test_those_who_registered_twice_are_found_and_households_are_not() -> None:
    """U6: F1 at the default threshold on 3,000 registrations with slips, gaps, two scripts, namesakes and families."""
    columns, persons = Columns(), {}
    for place, record in enumerate(people.records(3_000)):
        key = place.to_bytes(16, "big")
        columns.add(key, record.traits)
        persons[key] = record.person
    columns.finish()
    likely = {(pair.low, pair.high) for pair in finder.find(columns).pairs if pair.score >= finder.LIKELY}
    families: dict[int, list[bytes]] = {}
    for key, person in persons.items():
        families.setdefault(person, []).append(key)
    truth = {pair for keys in families.values() for pair in combinations(sorted(keys), 2)}
    right = len(likely & truth)
    assert right / len(likely) > 0.9
    assert right / len(truth) > 0.8


def test_a_name_sounds_alike_in_both_scripts() -> None:
    for persian, latin in (("محمّد", "Muhammad"), ("سید علی", "Seyed Ali"), ("قاسمی", "Ghasemi"), ("شریفی", "Sharifi")):
        assert spelling.sound(spelling.plain(persian)) == spelling.sound(spelling.plain(latin))
    assert spelling.plain("رضائی") == spelling.plain("رضایی")
