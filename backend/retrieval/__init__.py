"""Embeddings, the index that they are searched in, and docsets on disk."""
