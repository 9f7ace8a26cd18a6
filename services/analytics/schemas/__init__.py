"""Requests and answers of this service."""
