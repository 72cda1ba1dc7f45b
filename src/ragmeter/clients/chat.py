"""One answer of an OpenAI-compatible LLM, without a stream: nothing is timed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from ragmeter.clients.answers.told import READ_CHARS, excerpt
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.tls_files import verification
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.masking import Secrets

TOKEN: Final = "RAGMETER_LLM_TOKEN"  # noqa: S105 - the name of a variable
TIMEOUT_S: Final = 120
MAX_BYTES: Final = 1 << 20
"""Of an answer: a server may send without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Safe to call from several threads."""

    url: str
    model: str
    _http: httpx.Client = field(repr=False)
    _secrets: Secrets = field(repr=False)
    _path: str

    def answer(self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, seed: int) -> str:
        """The text of the first choice, decoded greedily. Raises TargetError, which repeats no secret."""
        asked = {"messages": list(messages), "max_tokens": max_tokens, "temperature": 0, "seed": seed, "stream": False}
        try:
            with self._http.stream("POST", self._path, json={"model": self.model, **asked}) as response:
                content = _limited(response)
        except httpx.HTTPError as error:
            raise TargetError(f"LLM {self.url}: {self._shown(str(error) or type(error).__name__)}") from None
        if not response.is_success:
            said = self._shown(content.decode("utf-8", "replace"))
            raise TargetError(f"LLM {self.url}: HTTP {response.status_code}: {said}")
        return self._text(content)

    def _text(self, content: bytes) -> str:
        none = TargetError(f"LLM {self.url}: what answers there is no chat completion")
        try:
            text = json.loads(content)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            raise none from None
        if text is not None and not isinstance(text, str):
            raise none
        return text or ""

    def _shown(self, said: str) -> str:
        """On one short line, and without the token, which some servers repeat."""
        return excerpt(self._secrets.mask(said[:READ_CHARS]))


def _limited(response: httpx.Response) -> bytes:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MAX_BYTES:
            break
    return content


@contextmanager
def chat(url: str, model: str, environment: Mapping[str, str]) -> Iterator[Chat]:
    """A connection to the server at ``url``, which may end in /v1, with the token of the environment.

    Raises ConfigError for a URL that is none or has credentials in it, and for a token that no header can hold.
    """
    origin = Origin.parse(url)
    token = environment.get(TOKEN, "")
    if not (token.isascii() and token.isprintable()):
        raise ConfigError(f"{TOKEN}: has a character that a header cannot hold")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    secrets = Secrets((token,) if token else ())
    root = f"{origin.scheme}://{origin.authority}"
    with httpx.Client(
        base_url=root,
        headers=headers,
        timeout=TIMEOUT_S,
        verify=verification(root),
        trust_env=False,  # a .netrc or a proxy must not decide where documents and credentials go
    ) as http:
        path = origin.target("/v1/chat/completions")
        yield Chat(url=str(origin), model=model, _http=http, _secrets=secrets, _path=path)
