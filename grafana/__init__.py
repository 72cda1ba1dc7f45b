"""Dashboards and rules as code: config, queries and panels, written as JSON and YAML by ``python -m grafana``."""
