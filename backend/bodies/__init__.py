"""Bodies of requests: what may stand in them, and how they are read."""
