"""What needs no further work is remembered in bounded memory, and only after a commit."""

from __future__ import annotations

from services.customer.settings import Settled


def test_notes_count_after_the_commit() -> None:
    settled, first = Settled(), object()
    settled.note(first, ["a", "b"])
    assert "a" not in settled
    settled.commit()
    assert "a" in settled
    assert "b" in settled


def test_notes_of_a_transaction_that_was_rolled_back_are_forgotten() -> None:
    settled, failed, again = Settled(), object(), object()
    settled.note(failed, ["lost"])
    settled.note(again, ["kept"])
    settled.commit()
    assert "lost" not in settled
    assert "kept" in settled


def test_memory_is_bounded_and_the_latest_stay() -> None:
    settled = Settled(100)
    for number in range(1000):
        settled.note(number, [str(number)])
        settled.commit()
    assert len(settled) <= 100
    assert "999" in settled
    assert "0" not in settled
