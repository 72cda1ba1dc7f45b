"""pytester runs pytest inside a test; it is declared here because a conftest further down may not."""

pytest_plugins = ["pytester"]
