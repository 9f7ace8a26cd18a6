"""Shapes of requests and answers over HTTP."""
