"""What counts when several things were said, by one person or by two who became one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain import statements
from services.consent.domain.statements import GRANTED, WITHDRAWN, Merge, Purpose, Said, Statements

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def said(state: str, minute: int) -> Said:
    return Said(state, T0 + timedelta(minutes=minute), f"{state}@{minute}")


anything = st.builds(said, st.sampled_from([GRANTED, WITHDRAWN]), st.integers(0, 20))


@given(st.lists(anything, min_size=1, max_size=8))
def test_the_latest_statement_counts_in_whatever_order_they_arrive(arrived: list[Said]) -> None:
    outcomes = set()
    for order in (arrived, arrived[::-1], sorted(arrived, key=lambda one: one.entry)):
        counts: Statements = {}
        for one in order:
            statements.take(counts, "marketing", "email", one)
        outcomes.add(counts["marketing"]["email"].state)
    latest = max(one.at for one in arrived)
    expected = WITHDRAWN if any(one.state == WITHDRAWN for one in arrived if one.at == latest) else GRANTED
    assert outcomes == {expected}


@given(anything, anything, st.integers(0, 20))
def test_a_merge_never_widens_permission(one: Said, other: Said, minute: int) -> None:
    merged_at = T0 + timedelta(minutes=minute)
    counts = statements.combine(one, other, merged_at)
    assert counts is not None
    later = [spoken for spoken in (one, other) if spoken.at > merged_at]
    if not later:
        assert counts.state == (WITHDRAWN if WITHDRAWN in {one.state, other.state} else GRANTED)
    else:
        assert counts.at == max(spoken.at for spoken in later)
    assert statements.combine(other, one, merged_at) is not None
    assert statements.combine(other, one, merged_at).state == counts.state  # type: ignore[union-attr]


def test_absent_is_no_statement() -> None:
    granted = said(GRANTED, 1)
    assert statements.combine(None, granted, T0) == granted
    assert statements.combine(granted, None, T0) == granted
    assert statements.combine(None, None, T0) is None


def test_a_chain_of_merges_folds_from_the_leaves() -> None:
    """A withdrew, then became part of B, B granted afterwards; B became part of C, who had granted: the grant counts."""
    spoken: dict[str, Statements] = {
        "a": {"marketing": {"email": said(WITHDRAWN, 1)}},
        "b": {"marketing": {"email": said(GRANTED, 5)}},
        "c": {"marketing": {"email": said(GRANTED, 2)}},
    }
    merges = [Merge("a", "b", T0 + timedelta(minutes=3)), Merge("b", "c", T0 + timedelta(minutes=8))]
    assert statements.effective("c", spoken, merges)["marketing"]["email"].state == GRANTED
    # Without B's later word the withdrawal reaches the top.
    del spoken["b"]
    assert statements.effective("c", spoken, merges)["marketing"]["email"].state == WITHDRAWN
    # Undone, each speaks for itself; nothing that was said has changed.
    assert statements.effective("c", spoken, [])["marketing"]["email"].state == GRANTED
    assert spoken["a"]["marketing"]["email"].state == WITHDRAWN


def test_refusals() -> None:
    opt_in = Purpose("marketing", 1, "opt_in", "consent", ["email"], {}, {}, T0)
    opt_out = opt_in._replace(basis="opt_out")
    assert statements.refusal(None, "email", None) == "unknown_purpose"
    assert statements.refusal(opt_in, "sms", said(GRANTED, 1)) == "unknown_channel"
    assert statements.refusal(opt_in, "email", None) == "no_grant"
    assert statements.refusal(opt_in, "email", said(GRANTED, 1)) is None
    assert statements.refusal(opt_out, "email", None) is None
    assert statements.refusal(opt_out, "email", said(WITHDRAWN, 1)) == "withdrawn"
