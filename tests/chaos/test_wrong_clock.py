"""The clock of one service is a day off: nobody is written to without a permit, nothing is lost or doubled, and it goes on when the clock is right."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.chaos import seeding
from tests.integration.campaign.stage import Stage, stage
from tests.integration.interaction import support
from tests.support import proofs
from tests.support.platform import started

PEOPLE = 20
DAY = timedelta(days=1)

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


class Shifted(Clock):
    """A clock that can be set wrong; what elapses is right, as on a machine whose time is off."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by

    def timestamp(self) -> float:
        return super().timestamp() + self.by.total_seconds()


async def states(play: Stage) -> dict[str, int]:
    return {row["state"]: row["n"] for row in await play.sql("SELECT state, count(*) AS n FROM message GROUP BY 1")}


async def sending(cluster: PrivateCluster, service: str, by: timedelta) -> tuple[int, dict[str, int], list[str]]:
    """Sent while the clock was off; what became of all after it was right; who got mail."""
    clock = Shifted()
    async with stage(cluster, clocks={service: clock}) as play:
        people = [await play.customer(f"c{number}@x.example") for number in range(PEOPLE)]
        withdrawn = people[-1]
        await play.launched()
        clock.by = by
        answer = await play.platform["consent"].call("POST", "/api/v1/consents/withdrawals", json={"customer_id": withdrawn, "purpose": "marketing", "channel": "email"})
        await play.send_all(rounds=3)
        meanwhile = len(play.box.mails)
        clock.by = timedelta()
        if answer.status >= 300:  # the service whose clock is off may know no token; then it is asked again
            again = await play.platform["consent"].call("POST", "/api/v1/consents/withdrawals", json={"customer_id": withdrawn, "purpose": "marketing", "channel": "email"})
            assert again.status < 300, again.body
        await play.sql("UPDATE message SET retry_at = now() WHERE state = 'planned' AND retry_at < now() + interval '5 minutes'")
        await play.send_all()
        return meanwhile, await states(play), play.box.recipients()


@pytest.mark.parametrize("service", ["consent", "campaign"])
@pytest.mark.parametrize("by", [DAY, -DAY], ids=["ahead", "behind"])
async def test_nobody_is_written_to_without_a_permit_and_all_in_the_end(cluster: PrivateCluster, service: str, by: timedelta) -> None:
    meanwhile, ended, recipients = await sending(cluster, service, by)
    proofs.keep(f"wrong_clock_{service}_{'ahead' if by > timedelta() else 'behind'}", {"people": PEOPLE, "sent_meanwhile": meanwhile, "ended": ended})
    assert f"c{PEOPLE - 1}@x.example" not in recipients, "withdrawn"
    assert len(recipients) == len(set(recipients)), "written to twice"
    assert ended == {"accepted": PEOPLE - 1, "suppressed": 1}


async def test_a_sender_that_asks_nobody_is_found(cluster: PrivateCluster) -> None:
    """The same with a seeded bug: whoever withdrew gets mail."""
    with seeding.seeded(seeding.permit_unchecked):
        _, _, recipients = await sending(cluster, "consent", DAY)
    assert f"c{PEOPLE - 1}@x.example" in recipients


@pytest.mark.parametrize("by", [DAY, -DAY], ids=["ahead", "behind"])
async def test_events_are_stored_once_whatever_the_clock_says(cluster: PrivateCluster, by: timedelta) -> None:
    clock = Shifted()
    async with started(cluster, "interaction", clocks={"interaction": clock}) as platform:
        batch = [support.track("ann", "Seen", f"m{number}") for number in range(50)]
        for off in (by, timedelta(), by):
            clock.by = off
            await platform.log.append(support.checked(batch, received_at=clock.now()))
            await support.settle(platform)
        stored = await platform["interaction"].service.database.fetch_value("SELECT count(*) FROM interaction")
        published = len(await support.published(platform.log))
    assert (stored, published) == (50, 50)
