"""Inbound mail: reading it within limits, telling people's mail from machines', and what bounces and complaints say. No I/O."""

from services.interaction.domain.mail.letters import Letter, Part, read_letter


__all__ = ["Letter", "Part", "read_letter"]
