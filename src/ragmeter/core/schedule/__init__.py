"""Which request is sent when, and by which process."""
