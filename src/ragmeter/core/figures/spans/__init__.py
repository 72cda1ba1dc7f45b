"""Spans of a service: what they say of its requests."""
