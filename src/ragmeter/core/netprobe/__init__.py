"""East-west probes: what is probed, and what was found."""
