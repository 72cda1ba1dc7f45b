"""The RAG service that is measured: retrieval with FAISS, answers from any OpenAI-compatible LLM.

It shares with the library the wire contract, and of its code the version and ``ragmeter.jobs`` alone. Its own imports
are relative: the wheel ships it as ``ragmeter.backend``.
"""

from ragmeter import __version__

__all__ = ["__version__"]
