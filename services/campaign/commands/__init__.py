"""Write use cases: one function each, each one transaction (sending: one for every round of hand-offs)."""

from __future__ import annotations

from services.campaign.commands.campaigns import (
    cancel_campaign,
    create_campaign,
    launch_campaign,
    pause_campaign,
    resume_campaign,
)
from services.campaign.commands.erasing import erase_people
from services.campaign.commands.planning import plan_audiences
from services.campaign.commands.preparing import CLICK, OPEN
from services.campaign.commands.recipients import replicate_profiles
from services.campaign.commands.sending import send_messages
from services.campaign.commands.suppressing import lift_suppression, note_bounce, note_complaint
from services.campaign.commands.sweeping import suppress_withdrawn, sweep
from services.campaign.commands.templates import change_template, create_template
from services.campaign.commands.visits import note_click, note_open

__all__ = [
    "CLICK",
    "OPEN",
    "cancel_campaign",
    "change_template",
    "create_campaign",
    "create_template",
    "erase_people",
    "launch_campaign",
    "lift_suppression",
    "note_bounce",
    "note_click",
    "note_complaint",
    "note_open",
    "pause_campaign",
    "plan_audiences",
    "replicate_profiles",
    "resume_campaign",
    "send_messages",
    "suppress_withdrawn",
    "sweep",
]
