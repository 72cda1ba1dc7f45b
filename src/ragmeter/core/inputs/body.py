"""What a workload states of the body of each request: sampling, forced length, system prompt, limit and usage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.description import TargetDescription

Limit: TypeAlias = Literal["max_tokens", "max_completion_tokens"]
AS_LIMIT: Final = "max_tokens"
"""``min_tokens`` of a request whose answer is to be exactly as long as it may be."""
_OF_OPENAI: Final = ("limit", "usage")
_FIELDS: Final = {"limit": ("max_tokens", "max_completion_tokens"), "usage": ("stream_options",)}
"""Keys of ``request`` that are other keys of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """Keys of each request's body. None leaves one out.

    temperature: 0 where the manifest says nothing. system: a first message that the model takes as instructions.
    min_tokens: fewer tokens end no answer; `AS_LIMIT` is the limit of the request. limit: the key in which the longest
    answer is sent. usage: whether a usage block is asked for. template_kwargs: for the chat template of the server.
    written: which of them the manifest has.
    """

    temperature: float | None = 0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    system: str | None = None
    ignore_eos: bool | None = None
    min_tokens: int | Literal["max_tokens"] | None = None
    limit: Limit = "max_tokens"
    usage: bool = True
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    written: tuple[str, ...] = ()

    def messages(self, question: str, history: Sequence[Mapping[str, str]] = ()) -> list[Mapping[str, str]]:
        """The chat messages of one question. history: those before it."""
        first = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*first, *history, {"role": "user", "content": question}]

    def sampling(self, max_tokens: int | None) -> dict[str, Any]:
        """Keys of a chat completion by their names; None for one that is left out. max_tokens: of the request."""
        return {
            self.limit: max_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "stop": list(self.stop) or None,
            "ignore_eos": self.ignore_eos,
            "min_tokens": self.least(max_tokens),
            "chat_template_kwargs": dict(self.template_kwargs) or None,
        }

    def least(self, max_tokens: int | None) -> int | None:
        """Tokens that an answer has at least. max_tokens: that the request allows."""
        return max_tokens if self.min_tokens == AS_LIMIT else self.min_tokens

    def placeholders(self, max_tokens: int | None) -> dict[str, Any]:
        """What the manifest has, by the placeholders of a description."""
        known = {**self.sampling(max_tokens), "system": self.system}
        return {name: known[name] for name in self.written if name not in _OF_OPENAI}


NOTHING_STATED: Final = RequestBody()


def body_from(
    effective: Mapping[str, Any], described: TargetDescription | None, *, max_tokens: int, where: str
) -> RequestBody:
    """Of a manifest that fits its schema. max_tokens: that each answer may have.

    Raises ConfigError for what the target has no place for, what is written twice, and what cannot be together.
    """
    written: Mapping[str, Any] = effective.get("request", {})
    place = f"{where}: $.request"
    _check_target(written, effective.get("target", "rag"), described, place)
    literal = effective.get("model", {}).get("body", {})
    for key in written:
        if twice := [name for name in _FIELDS.get(key, (key,)) if name in literal]:
            raise ConfigError(
                f"{place}.{key}: $.model.body.{twice[0]} is there, too; write it in one of the two places"
            )
    least = written.get("min_tokens")
    if isinstance(least, int) and least > max_tokens:
        raise ConfigError(f"{place}.min_tokens: {least} is above $.benchmark.max_output_tokens, {max_tokens}")
    stop = written.get("stop", ())
    return RequestBody(
        temperature=written.get("temperature", 0),
        seed=written.get("seed"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        system=written.get("system"),
        ignore_eos=written.get("ignore_eos"),
        min_tokens=least,
        limit=written.get("limit", "max_tokens"),
        usage=written.get("usage", True),
        template_kwargs=written.get("chat_template_kwargs", {}),
        written=tuple(sorted(written)),
    )


def _check_target(written: Collection[str], target: Any, described: TargetDescription | None, place: str) -> None:
    if not written or target == "openai":
        return
    first = next(iter(written))
    if described is None:
        raise ConfigError(
            f"{place}.{first}: has no meaning with target rag, whose requests have no such key: its service states it "
            "for all requests (VLLM_EXTRA_BODY of the backend); a description of it may have a place for the key"
        )
    for key in written:
        if key in _OF_OPENAI:
            raise ConfigError(f"{place}.{key}: has no meaning with target {described.name}: write it in $.target.body")
        if key == "system" and {"system", "messages"} & set(described.uses):
            continue
        if key not in described.uses:
            raise ConfigError(
                f"{place}.{key}: target {described.name} has no placeholder {{{key}}}, so it would not be sent; write "
                f"target: {{preset: {described.name}, body: {{{key}: '{{{key}}}'}}}} with the service's name of the key"
            )
