"""Labelled questions: documents read by the backend, and an LLM that may be asked for better ones."""
