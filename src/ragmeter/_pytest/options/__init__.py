"""Options: declared, parsed, and resolved with environment, configuration and manifest."""
