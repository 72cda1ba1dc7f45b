"""Estimates and their intervals, from values and from trials."""
