"""Definitions as files: segments, templates, journeys, purposes, traits and rules under version control, from one installation to another."""

from launcher.definitions.command import app

__all__ = ["app"]
