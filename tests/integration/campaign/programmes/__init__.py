"""Relationship programmes on real rows."""
