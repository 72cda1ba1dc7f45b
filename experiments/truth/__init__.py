"""How often the intervals and verdicts are right, on data whose truth is known."""
