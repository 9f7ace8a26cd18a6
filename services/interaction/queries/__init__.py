"""Reads."""

from services.interaction.queries import (
    forms,
    knowledge,
    live,
    registries,
    replays,
    responses,
    retention,
    sales,
    sources,
    tasks,
    totals,
    visits,
)
from services.interaction.queries.cases import (
    get_case,
    get_figures,
    get_rules,
    get_survey,
    get_survey_link,
    get_touchpoints,
    list_assignments,
    list_cases,
    list_contacts,
    list_touchpoint_customers,
)
from services.interaction.queries.cases import list_history as list_case_history
from services.interaction.queries.cases import list_notes as list_case_notes
from services.interaction.queries.intake import list_intake
from services.interaction.queries.mail import get_attachment
from services.interaction.queries.ordering import (
    get_order,
    list_credits,
    list_customer_orders,
    list_orders,
)
from services.interaction.queries.people import (
    get_calendar,
    get_employee,
    get_policy,
    get_team,
    list_calendars,
    list_customer_notes,
    list_employees,
    list_policies,
    list_teams,
)
from services.interaction.queries.quarantine import get_quarantined, list_dead_letters, list_quarantine
from services.interaction.queries.timeline import get_interaction, list_timeline

__all__ = [
    "forms",
    "get_attachment",
    "get_calendar",
    "get_case",
    "get_employee",
    "get_figures",
    "get_interaction",
    "get_order",
    "get_policy",
    "get_quarantined",
    "get_rules",
    "get_survey",
    "get_survey_link",
    "get_team",
    "get_touchpoints",
    "knowledge",
    "list_assignments",
    "list_calendars",
    "list_case_history",
    "list_case_notes",
    "list_cases",
    "list_contacts",
    "list_credits",
    "list_customer_notes",
    "list_customer_orders",
    "list_dead_letters",
    "list_employees",
    "list_intake",
    "list_orders",
    "list_policies",
    "list_quarantine",
    "list_teams",
    "list_timeline",
    "list_touchpoint_customers",
    "live",
    "registries",
    "replays",
    "responses",
    "retention",
    "sales",
    "sources",
    "tasks",
    "totals",
    "visits",
]
