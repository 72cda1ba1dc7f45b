"""What keeps a request apart in the caches of a service, as it is written into the request."""

from collections.abc import Mapping

from ragmeter.core.inputs.cache import MarkBy


def marked(prompt: str, mark: str | None, by: MarkBy) -> str:
    """A nonce goes ahead of all else: a cache of prefixes then finds none of what follows."""
    return prompt if mark is None or by != "nonce" else f"[{mark}] {prompt}"


def salt_of(mark: str | None, by: MarkBy) -> Mapping[str, str]:
    """The field of the body, where that is how the request is marked."""
    return {} if mark is None or by != "cache_salt" else {"cache_salt": mark}
