"""What could not be measured."""


class UnmeasuredError(Exception):
    """Why there is no number. A part of a probe that fails has this sentence, and never a zero."""
