"""The pytest plugin: each hook is a few lines that call a named function of ``ragmeter._pytest``."""
