"""Door 1 of the interaction service: people and systems."""

from typing import Final

from services.interaction.api import (
    cases,
    employees,
    forms,
    intake,
    knowing,
    knowledge,
    live,
    mail,
    orders,
    quarantine,
    registries,
    responses,
    retention,
    sales,
    sources,
    surveys,
    tasks,
    timeline,
    totals,
    visits,
)

ROUTERS: Final = (
    timeline.router,
    orders.router,
    totals.router,
    registries.router,
    responses.router,
    retention.router,
    quarantine.router,
    intake.router,
    mail.router,
    tasks.router,
    sales.router,
    sources.router,
    cases.router,
    employees.router,
    knowing.router,
    surveys.router,
    live.router,
    visits.router,
    forms.router,
    knowledge.router,
)
