"""The client of the language model: any server of the OpenAI-compatible API."""
