"""State made anew from the log."""
