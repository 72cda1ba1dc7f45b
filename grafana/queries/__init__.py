"""PromQL of the dashboards, one file per source of metrics. Results keep ``provider`` and what their legend names."""
