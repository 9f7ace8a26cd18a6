"""Journeys: what a definition may say, whether it makes sense, and how a person moves through it."""
