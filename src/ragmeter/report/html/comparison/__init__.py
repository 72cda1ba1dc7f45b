"""The sections of the page of a comparison, one subject a file. Each gives markup, or None without data."""
