"""Faults under load, with an invariant checked from outside."""
