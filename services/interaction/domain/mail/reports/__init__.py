"""Reports of machines: delivery status notifications of every kind, and complaints."""

from services.interaction.domain.mail.reports.findings import BOUNCE, COMPLAINT, DELIVERED, Failed, Report
from services.interaction.domain.mail.reports.reading import read_report

__all__ = ["BOUNCE", "COMPLAINT", "DELIVERED", "Failed", "Report", "read_report"]
