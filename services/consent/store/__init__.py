"""All SQL of the consent service."""
