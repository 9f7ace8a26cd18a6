"""Door 3: time."""

from __future__ import annotations

from services.campaign import commands
from services.campaign.settings import CampaignService


async def plan_audiences(service: CampaignService) -> bool:
    """Start due campaigns and plan their audiences."""
    return await commands.plan_audiences(service)


async def send_messages(service: CampaignService) -> bool:
    """Send what is planned; as many processes as there are may do so at once."""
    return await commands.send_messages(service)


async def send_transactional(service: CampaignService) -> bool:
    """Send single messages, over connections of their own."""
    return await commands.send_messages(service, queue=commands.TRANSACTIONAL)


async def sweep(service: CampaignService) -> bool:
    """Tidy the ledger and finish campaigns."""
    return await commands.sweep(service)


async def look_at_orders(service: CampaignService) -> bool:
    """Show orders to the programmes that run."""
    return await commands.look_at_orders(service)


async def judge_experiments(service: CampaignService) -> bool:
    """Look at the tests that run."""
    return await commands.judge_experiments(service)


async def expire_points(service: CampaignService) -> bool:
    """Take points whose time is over out of the accounts."""
    return await commands.expire_points(service)


async def book_reward_costs(service: CampaignService) -> bool:
    """Book what rewards cost."""
    return await commands.book_reward_costs(service)


async def sweep_programmes(service: CampaignService) -> bool:
    """Find who fits into programmes."""
    return await commands.sweep_programmes(service)


async def run_programmes(service: CampaignService) -> bool:
    """Do what is due for members of programmes."""
    return await commands.run_programmes(service)


async def tell_interactions(service: CampaignService) -> bool:
    """Tell the interaction service of orders and of what happens in communities."""
    return await commands.tell_interactions(service)


async def escalate_bad_answers(service: CampaignService) -> bool:
    """Open cases for bad answers."""
    return await commands.escalate_bad_answers(service)


async def fetch_feeds(service: CampaignService) -> bool:
    """Fetch product feeds that are due."""
    return await commands.fetch_feeds(service)


async def bring_events(service: CampaignService) -> bool:
    """Bring events to those journeys and people that wait for them."""
    return await commands.bring_events(service)


async def run_journeys(service: CampaignService) -> bool:
    """Move people whose timers are due; as many processes as there are may do so at once."""
    return await commands.run_journeys(service)


async def run_errands(service: CampaignService) -> bool:
    """Open cases, change traits and call webhooks for journeys."""
    return await commands.run_errands(service)


async def look_for_occasions(service: CampaignService) -> bool:
    """Let people into journeys on their birthdays and other days."""
    return await commands.look_for_occasions(service)


async def run_backtests(service: CampaignService) -> bool:
    """Run drafts of journeys over the past."""
    return await commands.run_backtests(service)
