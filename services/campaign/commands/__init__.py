"""Write use cases: one function each, each one transaction (sending: one for every round of hand-offs)."""

from __future__ import annotations

from services.campaign.commands.audiences import plan_audiences
from services.campaign.commands.blocks import fetch_feeds, put_block, put_feed
from services.campaign.commands.campaigns import (
    approve_campaign,
    cancel_campaign,
    create_campaign,
    launch_campaign,
    pause_campaign,
    resume_campaign,
)
from services.campaign.commands.caring import ACTION, run_programmes, sweep_programmes, take_in_customer
from services.campaign.commands.communities import create_group, invite, join_group, leave_group
from services.campaign.commands.communities import note_activity as note_group_activity
from services.campaign.commands.customising import (
    choose_customised,
    drop_customised,
    end_configurable,
    order_customised,
    propose_customised,
    put_configurable,
)
from services.campaign.commands.deciding import (
    Decided,
    create_site_message,
    decide,
    end_site_message,
    note_decision_click,
    replicate_said,
)
from services.campaign.commands.erasing import erase_people
from services.campaign.commands.experiments import create_experiment, decide_experiment, judge_experiments
from services.campaign.commands.journeys.backtesting import run_backtests, start_backtest
from services.campaign.commands.journeys.days import look_for_occasions
from services.campaign.commands.journeys.defining import (
    change_draft,
    close_journey,
    create_journey,
    pause_journey,
    publish_journey,
    remove_person,
    resume_journey,
)
from services.campaign.commands.journeys.errands import run_errands, webhook_secret
from services.campaign.commands.journeys.listening import (
    add_people,
    bring_events,
    listens_to_events,
    listens_to_facts,
    note_events,
    note_fact,
    note_membership,
)
from services.campaign.commands.journeys.moving import run_journeys
from services.campaign.commands.lists import change_list, create_list, delete_list
from services.campaign.commands.messages import Requested, request_message
from services.campaign.commands.orders import look_at_orders, note_order, note_score, replicate_identities
from services.campaign.commands.planning import Planned, cancel_planned, hold_origin, plan_messages, release_origin
from services.campaign.commands.playbooks import start_playbook, stop_run, write_playbook
from services.campaign.commands.points import adjust as adjust_points
from services.campaign.commands.points import expire_points
from services.campaign.commands.preparing import CLICK, OPEN
from services.campaign.commands.pressure import put_policy, set_programme
from services.campaign.commands.programmes import (
    change_programme,
    create_programme,
    join_programme,
    leave_programme,
    move_programme,
)
from services.campaign.commands.recipients import replicate_profiles
from services.campaign.commands.referrals import get_code, refer
from services.campaign.commands.responses import note_cost, note_reply
from services.campaign.commands.rewards import (
    book_reward_costs,
    cancel_redemption,
    check_reward,
    create_reward,
    end_reward,
    redeem,
)
from services.campaign.commands.satisfaction import answer, ask_after_case, escalate_bad_answers, note_survey
from services.campaign.commands.sending import TRANSACTIONAL, send_messages
from services.campaign.commands.shelf import dismiss_message
from services.campaign.commands.shelving import Shelf
from services.campaign.commands.suppressing import lift_suppression, note_bounce, note_complaint
from services.campaign.commands.sweeping import suppress_withdrawn, sweep
from services.campaign.commands.telling import note_spending, tell_interactions
from services.campaign.commands.templates import change_template, create_template
from services.campaign.commands.testing import Sent, send_test
from services.campaign.commands.visits import note_click, note_open

__all__ = [
    "ACTION",
    "CLICK",
    "OPEN",
    "TRANSACTIONAL",
    "Decided",
    "Planned",
    "Requested",
    "Sent",
    "Shelf",
    "add_people",
    "adjust_points",
    "answer",
    "approve_campaign",
    "ask_after_case",
    "book_reward_costs",
    "bring_events",
    "cancel_campaign",
    "cancel_planned",
    "cancel_redemption",
    "change_draft",
    "change_list",
    "change_programme",
    "change_template",
    "check_reward",
    "choose_customised",
    "close_journey",
    "create_campaign",
    "create_experiment",
    "create_group",
    "create_journey",
    "create_list",
    "create_programme",
    "create_reward",
    "create_site_message",
    "create_template",
    "decide",
    "decide_experiment",
    "delete_list",
    "dismiss_message",
    "drop_customised",
    "end_configurable",
    "end_reward",
    "end_site_message",
    "erase_people",
    "escalate_bad_answers",
    "expire_points",
    "fetch_feeds",
    "get_code",
    "hold_origin",
    "invite",
    "join_group",
    "join_programme",
    "judge_experiments",
    "launch_campaign",
    "leave_group",
    "leave_programme",
    "lift_suppression",
    "listens_to_events",
    "listens_to_facts",
    "look_at_orders",
    "look_for_occasions",
    "move_programme",
    "note_bounce",
    "note_click",
    "note_complaint",
    "note_cost",
    "note_decision_click",
    "note_events",
    "note_fact",
    "note_group_activity",
    "note_membership",
    "note_open",
    "note_order",
    "note_reply",
    "note_score",
    "note_spending",
    "note_survey",
    "order_customised",
    "pause_campaign",
    "pause_journey",
    "plan_audiences",
    "plan_messages",
    "propose_customised",
    "publish_journey",
    "put_block",
    "put_configurable",
    "put_feed",
    "put_policy",
    "redeem",
    "refer",
    "release_origin",
    "remove_person",
    "replicate_identities",
    "replicate_profiles",
    "replicate_said",
    "request_message",
    "resume_campaign",
    "resume_journey",
    "run_backtests",
    "run_errands",
    "run_journeys",
    "run_programmes",
    "send_messages",
    "send_test",
    "set_programme",
    "start_backtest",
    "start_playbook",
    "stop_run",
    "suppress_withdrawn",
    "sweep",
    "sweep_programmes",
    "take_in_customer",
    "tell_interactions",
    "webhook_secret",
    "write_playbook",
]
