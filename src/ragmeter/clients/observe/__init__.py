"""Metrics pages of servers."""
