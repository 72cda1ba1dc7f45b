"""The capture clock: each packet dated in a ring that the kernel fills."""
