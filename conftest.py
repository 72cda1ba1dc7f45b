"""Wires this checkout: the plugin under src/ is the one that runs."""

pytest_plugins = ["ragmeter.plugin"]
