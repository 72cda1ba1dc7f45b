"""The streaming client, over any of its clocks."""
