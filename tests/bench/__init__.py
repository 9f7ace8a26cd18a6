"""Measurements: ratios within one run, with the machine's facts."""
