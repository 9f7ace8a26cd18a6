"""`ecrm audit`: take the proof of what was sent home, and check it without asking anybody."""

from launcher.auditing.command import app

__all__ = ["app"]
