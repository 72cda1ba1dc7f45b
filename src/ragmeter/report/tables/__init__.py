"""Runs as rows: over time, and for SQL."""
