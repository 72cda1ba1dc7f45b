"""Connections and HTTP/1.1 over them."""
