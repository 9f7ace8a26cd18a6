"""The campaign service on real PostgreSQL, with a real SMTP server and the real consent service."""
