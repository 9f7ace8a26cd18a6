"""Inbound mail: reading it within limits, telling people's mail from machines', and what bounces and complaints say. No I/O."""

from services.interaction.domain.mail.events import Attached, Told, attachments_of, tell
from services.interaction.domain.mail.letters import Letter, Part, read_letter
from services.interaction.domain.mail.sorting import EMAIL, Opener, Sorted, Way, root_of, sort_mail

__all__ = [
    "EMAIL", "Attached", "Letter", "Opener", "Part", "Sorted", "Told", "Way", "attachments_of", "read_letter", "root_of", "sort_mail", "tell",
]
