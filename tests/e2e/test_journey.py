"""The main job in one process."""

from __future__ import annotations

from tests.e2e import journey
from tests.support.upright import Upright


def test_from_a_click_to_a_measured_message_and_its_end(up: Upright) -> None:
    with journey.mailbox(up.smtp_port) as box:
        journey.tell(up, box)
