"""The RAG service that is measured: retrieval with FAISS, answers from any OpenAI-compatible LLM.

It shares nothing with the library but the wire contract. Imports are relative: the wheel ships it as
``ragmeter.backend``.
"""

__version__ = "0.1.0"
