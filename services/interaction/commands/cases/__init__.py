"""Cases: taking contacts, working on them, giving them out, watching the clock, asking afterwards."""

from services.interaction.commands.cases.assigning import assign_case, assign_waiting, give_back
from services.interaction.commands.cases.surveying import answer_survey
from services.interaction.commands.cases.taking import take_contacts
from services.interaction.commands.cases.watching import watch_service_levels
from services.interaction.commands.cases.working import (
    add_note,
    change_case,
    close_settled,
    merge_case,
    open_case,
    relate_cases,
    reply,
)

__all__ = [
    "add_note", "answer_survey", "assign_case", "assign_waiting", "change_case", "close_settled", "give_back", "merge_case", "open_case",
    "relate_cases", "reply", "take_contacts", "watch_service_levels",
]
