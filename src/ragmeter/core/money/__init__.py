"""Prices, and what a run costs by them."""
