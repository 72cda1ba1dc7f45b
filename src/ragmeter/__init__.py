"""ragmeter: measure, judge and price a RAG service with pytest."""

__version__ = "0.1.0"
