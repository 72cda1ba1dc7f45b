"""The documentation as a site that opens without a network: `python -m tools.site build/site`, or `tox -e docs`."""
