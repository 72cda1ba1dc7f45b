"""The effects of what a workload varies: from the runs of all cells to one document."""
