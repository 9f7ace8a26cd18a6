"""Journeys: defining them, letting people in, moving them, and what is done outside for them."""
