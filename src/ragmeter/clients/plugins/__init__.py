"""Targets that a program speaks and no description can: what it is given, and how its answers are dated."""
