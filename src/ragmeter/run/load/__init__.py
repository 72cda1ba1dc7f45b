"""One process that sends a schedule."""
