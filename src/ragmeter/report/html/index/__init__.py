"""The runs of a folder as one page."""
