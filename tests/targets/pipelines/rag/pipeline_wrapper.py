"""A pipeline of Haystack that answers always the same, as Hayhooks deploys one."""

# The packages are in the environment of `tox -e targets` alone, and have no types elsewhere.
# mypy: disable-error-code="misc, no-any-return, untyped-decorator"

from collections.abc import Callable, Generator
from typing import Any

from hayhooks import BasePipelineWrapper, streaming_generator
from haystack import Pipeline, component
from haystack.components.builders import ChatPromptBuilder
from haystack.dataclasses import ChatMessage, StreamingChunk

WORDS = ("one ", "two ", "three ", "four")


@component
class FixedAnswer:
    """In the place of a chat generator."""

    def __init__(self) -> None:
        self.streaming_callback: Callable[[StreamingChunk], None] | None = None

    @component.output_types(replies=list[ChatMessage])
    def run(
        self, prompt: list[ChatMessage], streaming_callback: Callable[[StreamingChunk], None] | None = None
    ) -> dict[str, Any]:
        tell = streaming_callback or self.streaming_callback
        if "fail" in (prompt[-1].text or ""):
            raise ValueError("the engine died")
        for word in WORDS:
            if tell is not None:
                tell(StreamingChunk(content=word))
        return {"replies": [ChatMessage.from_assistant("".join(WORDS))]}


class PipelineWrapper(BasePipelineWrapper):
    def setup(self) -> None:
        self.pipeline = Pipeline()
        template = [ChatMessage.from_user("{{question}}")]
        self.pipeline.add_component("prompt", ChatPromptBuilder(template=template, required_variables="*"))
        self.pipeline.add_component("llm", FixedAnswer())
        self.pipeline.connect("prompt.prompt", "llm.prompt")

    def run_api(self, question: str) -> Generator[Any, None, None]:
        arguments = {"prompt": {"question": question}}
        return streaming_generator(pipeline=self.pipeline, pipeline_run_args=arguments)

    def run_chat_completion(self, model: str, messages: list[dict[str, Any]], body: dict[str, Any]) -> Any:
        return self.run_api(messages[-1]["content"])
