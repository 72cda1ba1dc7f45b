"""One request: what is recorded of it, and the metrics that are computed from it alone."""
