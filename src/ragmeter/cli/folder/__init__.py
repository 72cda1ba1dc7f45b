"""Commands over the runs of a folder."""
