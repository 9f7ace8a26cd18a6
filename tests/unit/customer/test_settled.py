"""What needs no further work is remembered in bounded memory, and only after a commit."""

from __future__ import annotations

from services.customer.settings import Settled


def test_notes_count_after_the_commit() -> None:
    settled = Settled()
    settled.note((0, 9), ["a", "b"])
    assert "a" not in settled
    settled.commit({(0, 8), (0, 9)})
    assert "a" in settled
    assert "b" in settled


def test_notes_of_work_that_was_rolled_back_are_forgotten() -> None:
    settled = Settled()
    settled.note((0, 1), ["lost"])
    settled.note((0, 2), ["kept"])
    settled.commit({(0, 2)})
    settled.commit({(0, 1)})
    assert "lost" not in settled
    assert "kept" in settled


def test_memory_is_bounded_and_the_latest_stay() -> None:
    settled = Settled(100)
    for number in range(1000):
        settled.note((0, number), [str(number)])
        settled.commit({(0, number)})
    assert len(settled) <= 100
    assert "999" in settled
    assert "0" not in settled
