"""One query, from its place among those that are served to its last token."""
