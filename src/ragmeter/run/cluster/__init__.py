"""Runs and probes in the pods of a cluster."""
