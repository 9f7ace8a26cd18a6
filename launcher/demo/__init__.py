"""`ecrm demo`: a seeded shop told from the first click to the measured campaign, through the public doors only."""

from launcher.demo.command import demo

__all__ = ["demo"]
