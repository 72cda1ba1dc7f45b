"""Labelled questions about documents: made from their sentences and tables, distinct, and spread over passages."""
