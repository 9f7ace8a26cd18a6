"""M2: `ecrm demo` tells the whole story; the same seed gives the same numbers."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from launcher.demo import population
from tests.support.upright import ROOT, upright


def test_the_same_seed_draws_the_same_shop() -> None:
    anchor = datetime(2026, 3, 21, tzinfo=UTC)
    one, two, other = (population.draw(customers=60, months=12, seed=seed, anchor=anchor) for seed in (42, 42, 43))
    assert list(population.events(one)) == list(population.events(two))
    assert list(population.events(one)) != list(population.events(other))
    assert len(one.known) == 60
    assert len({event["messageId"] for event in population.events(one)}) == len(list(population.events(one)))


def figures(text: str) -> dict[str, str]:
    """The numbers the story prints that must not change from telling to telling."""
    wanted = {
        "accepted events": r"([\d,]+) events accepted", "allowed": r"([\d,]+) of [\d,]+ customers allowed", "members": r"Live members: ([\d,]+)",
        "planned": r"planned\s+│ ([\d,]+)", "accepted": r"accepted\s+│ ([\d,]+)", "suppressed": r"suppressed\s+│ ([\d,]+)",
        "withdrawn": r"after mail \d+, (\d+) people withdrew", "spared": r"withdrew and (\d+) of them got none",
        "followed": r"([\d,]+) people followed", "ordered": r"([\d,]+) of them ordered",
    }
    found = {name: re.search(pattern, text) for name, pattern in wanted.items()}
    missing = [name for name, match in found.items() if match is None]
    assert not missing, f"not told: {missing}\n{text}"
    return {name: match.group(1) for name, match in found.items() if match}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_story_is_told_and_told_alike() -> None:
    told = []
    for _ in range(2):
        with upright(environment={"ECRM_CAMPAIGN_SMTP_URL": ""}) as up:
            done = subprocess.run(
                [sys.executable, "-m", "launcher", "demo", "--data", str(up.data), "--customers", "1000"],
                cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
            )
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            told.append(figures(done.stdout))
            assert "planned = sum of outcomes │ yes" in done.stdout
    assert told[0] == told[1]
    assert (told[0]["withdrawn"], told[0]["spared"]) == ("10", "10")
