"""The result document: built from a run, and judged anew from what was saved."""
