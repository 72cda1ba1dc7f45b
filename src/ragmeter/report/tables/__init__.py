"""Runs as tables, for SQL."""
