"""The sections of the scorecard, one subject a file. Each takes a result and gives markup, or None without data."""
