"""The engine for a pytest session: what was asked for goes in, results and comparisons are kept and written."""
