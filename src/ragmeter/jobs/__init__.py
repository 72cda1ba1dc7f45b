"""The suite as Jobs of a cluster: names, orders, and the documents that pods leave. Pure, on the standard library.

The library and the backend both start runs and read what they leave. This is all the code that they share, and the
backend's image has a copy of it.
"""
