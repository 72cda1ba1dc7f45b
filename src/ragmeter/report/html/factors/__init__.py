"""The page of a factorial plan."""
