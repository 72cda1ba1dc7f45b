"""Credentials that are not in a file: got from a program or a server, and got anew before they expire."""
