"""Input nobody should send: whatever comes, the answer is one of those that are promised."""
