"""A run: its plan, its ending, its identity, and the figures that need them."""
