"""What the service tells of its work: logs, metrics and traces."""
