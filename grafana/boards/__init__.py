"""The dashboards: rows of panels, one file each."""
