"""The real LLM of the backend's tests, for tests of services that are none of ours."""

from tests.backend.conftest import real_llm

__all__ = ["real_llm"]
