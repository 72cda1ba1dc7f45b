"""From requests to the figures of a phase."""
