"""Time as a door: live membership, scores, upkeep."""

from __future__ import annotations

from services.analytics.commands import aging, computing, erasing, evaluating, fitting, reporting, scoring, upkeep
from services.analytics.queries import freshness
from services.analytics.queries import reporting as questions
from services.analytics.settings import AnalyticsService


async def evaluate_segments(service: AnalyticsService) -> bool:
    """Each second: touched customers, ended windows, new segments, and a full run of each segment now and then."""
    return await evaluating.evaluate(service)


async def recompute_scores(service: AnalyticsService) -> None:
    """Every ten seconds, when something came in that could change them."""
    await scoring.keep_scores_current(service)


async def compute_traits(service: AnalyticsService) -> None:
    """Every three seconds, when facts or definitions changed."""
    await computing.keep_traits_current(service)


async def acknowledge_erasures(service: AnalyticsService) -> None:
    """Every two seconds."""
    await erasing.acknowledge_erasures(service)


async def fit_models(service: AnalyticsService) -> bool:
    """Each second: the fit that waits longest, in a process of its own."""
    return await fitting.work_on_fits(service)


async def drop_withdrawn(service: AnalyticsService) -> None:
    """Each two seconds: scores of people who withdrew the purpose a model was fitted for."""
    await fitting.drop_withdrawn(service)


async def tidy(service: AnalyticsService) -> None:
    """Each few seconds."""
    await upkeep.tidy(service)


async def make_reports(service: AnalyticsService) -> bool:
    """Each five seconds: reports that are due."""
    return await reporting.make_due(service, answer=questions.answer)


async def mail_reports(service: AnalyticsService) -> bool:
    """Each second: mails of reports that wait."""
    return await reporting.mail_one(service)


async def watch_ages(service: AnalyticsService) -> None:
    """Each half minute: segments and scores that are too old, and that are in time again."""
    await aging.note_ages(service, found=await freshness.list_ages(service))


async def watch_profiles(service: AnalyticsService) -> None:
    """Each quarter of an hour, since all facts are read: profiles, too."""
    await aging.note_ages(service, found=await freshness.list_ages(service, profiles=True))
