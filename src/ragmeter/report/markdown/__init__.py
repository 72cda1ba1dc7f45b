"""Markdown for step summaries and for comments on pull and merge requests."""
