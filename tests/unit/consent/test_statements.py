"""What counts when several things were said, by one person or by two who became one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain import statements
from services.consent.domain.history import History, Step
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

    def refused(purpose: Purpose | None, spoken: Said | None, channel: str = "email", *, stop: str | None = None) -> str | None:
        counts: Statements = {"marketing": {"email": spoken}} if spoken else {}
        if stop is not None:
            counts["*"] = {stop: said(WITHDRAWN, 2)}
        return statements.refusal(purpose, channel, counts, T0 + timedelta(minutes=30))

    assert refused(None, None) == "unknown_purpose"
    assert refused(opt_in, said(GRANTED, 1), "sms") == "unknown_channel"
    assert refused(opt_in, None) == "no_grant"
    assert refused(opt_in, said(GRANTED, 1)) is None
    assert refused(opt_out, None) is None
    assert refused(opt_out, said(WITHDRAWN, 1)) == "withdrawn"
    assert refused(opt_in._replace(basis="double_opt_in"), None) == "no_grant"
    ended = Said(GRANTED, T0, "e", until=T0 + timedelta(minutes=30))
    assert refused(opt_in, ended) == "expired"
    assert refused(opt_in, Said(GRANTED, T0, "e", until=T0 + timedelta(minutes=31))) is None
    assert refused(opt_in, said("expired", 1)) == "expired"
    assert refused(opt_in, said(GRANTED, 3), stop="*") == "stopped", "a later grant does not lift it"
    assert refused(opt_out, None, stop="email") == "stopped"
    assert refused(opt_out, None, stop="sms") is None
    assert refused(opt_out._replace(legal_basis="contract"), None, stop="*") is None, "what a contract demands goes on"


def test_what_is_published_spells_stops_out_and_leaves_lapsed_grants_out() -> None:
    marketing = Purpose("marketing", 1, "opt_in", "consent", ["email", "sms"], {}, {}, T0)
    defined = {"marketing": marketing, "service": marketing._replace(purpose="service", basis="opt_out", legal_basis="contract")}
    counts: Statements = {"marketing": {"email": said(GRANTED, 1), "sms": said("expired", 1)}, "service": {"email": said(GRANTED, 1)}}
    assert statements.shown(counts, defined) == {"marketing": {"email": "granted"}, "service": {"email": "granted"}}
    counts["*"] = {"*": said(WITHDRAWN, 2), "sms": said(GRANTED, 2)}
    assert statements.shown(counts, defined) == {
        "marketing": {"email": "withdrawn", "sms": "withdrawn"}, "service": {"email": "granted"}, "*": {"*": "withdrawn"},
    }


@given(anything, anything, st.integers(0, 20))
def test_the_ledger_played_again_counts_the_same(one: Said, other: Said, minute: int) -> None:
    """Two people, each with a statement, then one: History says what `effective` says."""
    history, merged_at = History(), T0 + timedelta(minutes=minute)
    for tick, (customer, spoken) in enumerate((("a", one), ("b", other)), 1):
        history.apply(Step(tick, f"{customer}{tick}", spoken.state, customer, None, "marketing", "email", spoken.at))
    apart = history.effective("a")["marketing"]["email"].state
    history.apply(Step(3, "m", "merged", "a", None, "*", "*", merged_at, into="b"))
    counts = statements.combine(other, one, merged_at)
    assert counts is not None
    assert history.effective("a")["marketing"]["email"].state == counts.state
    assert history.root_of("a") == "b"
    history.apply(Step(4, "u", "unmerged", "a", None, "*", "*", merged_at, into="b"))
    assert history.effective("a")["marketing"]["email"].state == apart == one.state


def test_an_identity_that_leaves_takes_its_grants_along() -> None:
    history = History()
    at = [T0 + timedelta(minutes=minute) for minute in range(5)]
    history.apply(Step(1, "e1", "withdrawn", "a", None, "marketing", "sms", at[0]))
    history.apply(Step(2, "e2", "granted", "a", "id1", "marketing", "sms", at[1]))
    history.apply(Step(3, "e3", "granted", "a", "id1", "marketing", "email", at[1]))
    history.apply(Step(4, "e4", "granted", "a", "id2", "marketing", "push", at[1]))
    history.apply(Step(5, "s", "split", "a", "id1", "*", "*", at[2], into="b"))
    counts = history.effective("a")["marketing"]
    assert {channel: word.state for channel, word in counts.items()} == {"sms": "withdrawn", "push": "granted"}
