"""The RAG service that ragmeter measures: retrieval with FAISS, answers from any OpenAI-compatible LLM.

It shares nothing with the library but the wire contract, and imports only relatively: a wheel ships it as ``ragmeter.backend``.
"""

__version__ = "0.1.0"
