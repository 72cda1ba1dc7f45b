"""The embedded service: what it needs, and its processes."""
