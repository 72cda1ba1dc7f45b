"""Load processes: starting them, talking to them, and letting none outlive us."""
