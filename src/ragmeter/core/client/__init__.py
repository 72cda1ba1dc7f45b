"""Whether the load generator could keep up, and its own measurement error."""
