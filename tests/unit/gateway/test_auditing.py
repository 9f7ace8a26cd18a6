"""The chain of the audit log shows every edit, deletion, insertion and reorder (P9); what is entered names nobody."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import auditing
from gateway.domain.auditing import Noted, Sealed

AT = datetime(2026, 11, 23, tzinfo=UTC)


def chain(length: int) -> list[Sealed]:
    noted = [Noted(AT, f"key:{number % 3}", "read", "GET", "/api/v1/customers/{id}", "", 200, f"r{number}", ["contact"]) for number in range(length)]
    first = auditing.sealed(noted[: length // 2], last=None)
    return [*first, *auditing.sealed(noted[length // 2 :], last=first[-1] if first else None)]


def mutated(entries: list[Sealed], luck: random.Random) -> list[Sealed]:
    """One change of one kind, anywhere but at the very end's cut."""
    place = luck.randrange(len(entries) - 1)
    kind = luck.choice(["edit", "hash", "delete", "swap", "insert", "double", "renumber"])
    one, other = entries[place], entries[place + 1]
    if kind == "edit":
        spot = luck.randrange(len(one.body))
        sign = luck.choice([sign for sign in "xyz019" if sign != one.body[spot]])
        return [*entries[:place], one._replace(body=one.body[:spot] + sign + one.body[spot + 1 :]), *entries[place + 1 :]]
    if kind == "hash":
        return [*entries[:place], one._replace(hash=luck.randbytes(32)), *entries[place + 1 :]]
    if kind == "delete":
        return [*entries[:place], *entries[place + 1 :]]
    if kind == "swap":
        return [*entries[:place], other._replace(seq=one.seq), one._replace(seq=other.seq), *entries[place + 2 :]]
    if kind == "insert":
        made = auditing.sealed([Noted(AT, "key:x", "read", "GET", "/", "", 200, "r", [])], last=one)[0]
        return [*entries[: place + 1], made, *entries[place + 1 :]]
    if kind == "double":
        return [*entries[: place + 1], one, *entries[place + 1 :]]
    return [*entries[:place], *(entry._replace(seq=entry.seq + 1) for entry in entries[place:])]


def test_five_hundred_changes_are_all_seen() -> None:
    luck, entries = random.Random(7), chain(40)
    assert auditing.fault_in(entries, before=None) is None
    for _ in range(500):
        changed = mutated(entries, luck)
        assert changed == entries or auditing.fault_in(changed, before=None) is not None


@given(st.integers(2, 30), st.integers(1, 29))
def test_a_chain_is_checked_in_pieces(length: int, cut: int) -> None:
    entries = chain(length)
    cut = min(cut, length)
    assert auditing.fault_in(entries[:cut], before=None) is None
    assert auditing.fault_in(entries[cut:], before=entries[cut - 1]) is None


@pytest.mark.parametrize(
    ("method", "path", "status", "expected"),
    [
        ("GET", "/api/v1/customers", 200, "read"), ("GET", "/api/v1/customers/x/360", 200, "read"), ("GET", "/api/v1/metrics", 200, None),
        ("POST", "/api/v1/customers", 201, "change"), ("DELETE", "/api/v1/keys/x", 204, "change"), ("GET", "/api/v1/customers", 403, "refused"),
        ("GET", "/api/v1/metrics", 401, "refused"), ("GET", "/api/v1/customers/x", 404, None), ("POST", "/api/v1/customers", 503, None),
        ("GET", "/docs", 200, None), ("GET", "/api/v1/webhooks/a/deliveries/b", 200, "read"), ("GET", "/api/v1/webhooks", 200, None),
        ("POST", "/u/token", 200, "change"), ("GET", "/api/v1/audit", 200, "read"),
    ],
)
def test_what_is_worth_an_entry(method: str, path: str, status: int, expected: str | None) -> None:
    assert auditing.action_of(method, path, status) == expected


def test_an_entry_names_nobody() -> None:
    assert auditing.object_of("/api/v1/customers/0190-a/identities/email:a@b.example") == "/api/v1/customers/{id}/identities/{id}"
    assert auditing.object_of("/api/v1/people/mina") == "/api/v1/people/{id}"
    assert auditing.object_of("/api/v1/customers/search") == "/api/v1/customers/search"
    assert auditing.object_of("/u/eyJsecret") == "/u"
    assert auditing.object_of("/oidc/token") == "/oidc/token"
    one, other = (auditing.subject_of(secret, "01a2095e-d884-712e-9f59-c2565c3922e4") for secret in (b"a" * 32, b"b" * 32))
    assert one != other
    assert auditing.customer_in("/api/v1/customers/01a2095e-d884-712e-9f59-c2565c3922e4/360") == "01a2095e-d884-712e-9f59-c2565c3922e4"
    assert auditing.customer_in("/api/v1/customers/search", "") is None
